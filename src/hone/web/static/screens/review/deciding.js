// @ts-check
// Decisions: shown at once, kept in the outbox, taken back by operations of their own.

import { batch, computed, effect, signal } from "../../vendor/preact.js";
import { post, search } from "../../lib/api.js";
import { excerpt, isSame } from "../../lib/format.js";
import { newId } from "../../lib/identity.js";
import * as outbox from "../../lib/outbox.js";
import { Steps } from "../../lib/steps.js";
import { isReadOnly, mayReview, session } from "../../lib/session.js";
import { texts } from "../../texts.js";
import { ask } from "../../ui/dialog.js";
import { announce, notify, notifyError } from "../../ui/toast.js";
import { emptyAnswer, problemsOf, textField } from "./answers.js";
import {
  current, filter, goTo, isOwn, markOwn, move, reach, refetch, resync, setCounters, shown, task,
} from "./examples.js";
import { toChoice } from "./filter.js";

const STATUS_OF = /** @type {Record<string, string>} */ ({
  accept: "accepted", reject: "rejected", edit: "edited", skip: "skipped", flag: "flagged",
  unknown: "unknown", reset: "pending",
});
const VERDICT_OF = Object.fromEntries(Object.entries(STATUS_OF).map(([verdict, status]) => [status, verdict]));

export const isEditing = signal(false);
/** Why the answer cannot be kept as it stands, in sentences. */
export const problems = signal(/** @type {string[]} */ ([]));

const currentId = computed(() => current.value?.id);
effect(() => {
  // Another example: nothing of it is being edited yet.
  if (currentId.value === undefined) return;
  isEditing.value = false;
  problems.value = [];
});

const steps = new Steps();

/** The answer as it stands on the screen: a draft where there is one. @param {any} example */
export const answerOf = (example) => {
  const draft = outbox.drafts.value[example?.id];
  return draft && "output" in draft ? draft.output : (example?.answer ?? null);
};

/** @param {any} example */
export const hasDraft = (example) => {
  const draft = outbox.drafts.value[example?.id];
  return Boolean(draft && "output" in draft);
};

/** Whether the example that is shown has a draft. */
export const isChanged = computed(() => hasDraft(current.value));

/** Keeps what is typed; the answer as it was needs no draft. @param {any} example @param {any} output */
export function draftAnswer(example, output) {
  const { output: _old, ...rest } = outbox.drafts.value[example.id] ?? {};
  problems.value = [];
  if (!isSame(output, example.answer)) setDraft(example, { ...rest, output });
  else if ("note" in rest) setDraft(example, rest);
  else outbox.dropDraft(example.id);
}

/** @param {any} example @param {string} note */
export function draftNote(example, note) {
  const { note: _old, ...rest } = outbox.drafts.value[example.id] ?? {};
  if (note !== (example.note ?? "")) setDraft(example, { ...rest, note });
  else if ("output" in rest) setDraft(example, rest);
  else outbox.dropDraft(example.id);
}

/** @param {any} example @param {any} draft */
function setDraft(example, draft) {
  const begun = outbox.drafts.value[example.id]?.base_version;
  outbox.keepDraft(example.id, { ...draft, base_version: begun ?? example.version });
}

/** @param {any} example */
export function discardDraft(example) {
  batch(() => {
    outbox.dropDraft(example.id);
    isEditing.value = false;
    problems.value = [];
  });
}

/**
 * Decides about the current example and goes on.
 * @param {string} verdict
 * @param {{output?: any, isStaying?: boolean}} [options]
 */
export function decide(verdict, options = {}) {
  const example = current.value;
  if (!example || !isAllowed()) return;
  const draft = outbox.drafts.value[example.id] ?? {};
  const wanted = meant(example, verdict, options.output ?? null);
  if (!wanted) {
    isEditing.value = true;
    notify(texts.review.nothingSuggested);
    return;
  }
  problems.value = wanted.output === null ? [] : problemsOf(task.value, wanted.output);
  if (problems.value.length) {
    announce(problems.value.join(" "));
    return;
  }
  const note = "note" in draft ? draft.note : null;
  const base = wanted.output !== null && draft.base_version ? draft.base_version : example.version;
  if (!send(example, { ...wanted, note, base })) return;
  batch(() => {
    isEditing.value = false;
    if (wanted.output !== null || !("output" in draft)) outbox.dropDraft(example.id);
    else outbox.keepDraft(example.id, { output: draft.output, base_version: example.version + 1 });
    if (!options.isStaying) move(1);
  });
  const status = statusAfter(example, wanted.verdict, wanted.output);
  announce(texts.review.decided(texts.status(status, task.value?.kind), excerpt(example)));
}

/**
 * What a verdict means here: what stands on the screen is what is decided about, so accepting a
 * draft is an edit. Null: there is no answer yet, it has to be written.
 * @param {any} example
 * @param {string} verdict
 * @param {any} output which one was taken
 */
function meant(example, verdict, output) {
  if (output !== null || (verdict !== "accept" && verdict !== "edit")) return { verdict, output };
  if (hasDraft(example)) return { verdict: "edit", output: answerOf(example) };
  if (example.answer !== null) return { verdict: "accept", output: null };
  return textField(task.value) ? null : { verdict: "edit", output: emptyAnswer(task.value) };
}

/** Keeps the note of the current example without deciding anew. */
export function saveNote() {
  const example = current.value;
  const draft = outbox.drafts.value[example?.id];
  if (!example || !draft || !("note" in draft) || !isAllowed()) return;
  const verdict = VERDICT_OF[example.status];
  const output = ["accept", "edit"].includes(verdict) ? example.output : null;
  if (!send(example, { verdict, output, note: draft.note, base: example.version })) return;
  const { note: _kept, ...rest } = draft;
  if ("output" in rest) outbox.keepDraft(example.id, { ...rest, base_version: example.version + 1 });
  else outbox.dropDraft(example.id);
  announce(texts.review.noteSaved);
}

/** @param {any} example @param {{verdict: string, output: any, note: string|null, base: number|null}} wanted */
function send(example, { verdict, output, note, base }) {
  const patch = patchOf(example, verdict, output, note);
  const op_id = newId();
  const body = { op_id, example_id: example.id, verdict, base_version: base, output, note };
  return batch(() => {
    const isKept = outbox.push({
      op_id, kind: "decide", body, patch, example_id: example.id, from: example.status, to: patch.status,
      title: excerpt(example),
    });
    if (!isKept) return false;
    markOwn(op_id);
    steps.add({ op_id, example, after: patch });
    change(example.id, patch);
    return true;
  });
}

/** @param {any} example @param {string} verdict @param {any} output @param {string|null} note */
function patchOf(example, verdict, output, note) {
  const isAnswered = verdict === "accept" || verdict === "edit";
  const isCleared = verdict === "reject" || verdict === "reset";
  const kept = isCleared ? null : isAnswered ? (output ?? example.answer) : example.output;
  return {
    status: statusAfter(example, verdict, output),
    output: kept,
    answer: kept ?? example.suggestions[0]?.output ?? null,
    note: note ?? example.note,
    reviewer: session.value.user,
    version: example.version + 1,
  };
}

/** Accepting what nobody suggested is an edit. @param {any} example @param {string} verdict @param {any} output */
function statusAfter(example, verdict, output) {
  const answer = output ?? example.output;
  const isSuggested = example.suggestions.some((/** @type {any} */ one) => isSame(one.output, answer));
  return verdict === "accept" && answer !== null && !isSuggested ? "edited" : STATUS_OF[verdict];
}

/** @param {string} id @param {any} patch */
function change(id, patch) {
  shown.patch(id, (one) => ({ ...one, ...patch }));
}

/** Takes back our newest operation; after a reload the server knows which that is. */
export const undo = () => takeBack("undo");
export const redo = () => takeBack("redo");

/** @param {"undo"|"redo"} kind */
function takeBack(kind) {
  if (!isAllowed()) return;
  const last = steps.next(kind);
  const parked = outbox.parked.value.find((one) => one.op_id === last?.op_id);
  if (parked) {
    steps.drop(kind);
    outbox.discard(parked);
    refetch([parked.example_id]);
    return;
  }
  const op_id = newId();
  const place = last?.example ? shown.find(last.example.id) : -1;
  const now = place >= 0 ? shown.items.value[place] : null;
  const wanted = kind === "undo" ? last?.example : { ...last?.example, ...last?.after };
  const patch = now && { ...stateOf(wanted), version: now.version + 1 };
  batch(() => {
    const isKept = outbox.push({
      op_id, kind, patch, body: { op_id, target: last?.op_id ?? null }, example_id: last?.example?.id ?? "",
      from: now?.status ?? "", to: patch?.status ?? "", title: last?.example ? excerpt(last.example) : "",
    });
    if (!isKept) return;
    markOwn(op_id);
    steps.take(kind);
    if (!now) return;
    change(now.id, patch);
    goTo(place);
    announce(texts.review.takenBack(kind, texts.status(patch.status, task.value?.kind)));
  });
}

/** @param {any} example */
const stateOf = ({ status, output, answer, note, reviewer }) => ({ status, output, answer, note, reviewer });

/** Accepts every pending example of the filter, after a question that names their number. */
export async function acceptAll() {
  await decideMany("accept", toChoice(filter.value, ["pending"]), (count) => ({
    title: texts.review.acceptAllTitle(count, task.value?.kind),
    text: texts.review.acceptAllText(task.value?.kind),
    confirm: texts.review.acceptAllConfirm(count),
    tone: "ok",
  }));
}

/**
 * One decision about many: previewed, asked for, journalled as one operation.
 * @param {string} verdict
 * @param {any} choice
 * @param {(count: number) => any} question
 */
export async function decideMany(verdict, choice, question) {
  if (!isAllowed()) return false;
  try {
    await outbox.settle();
  } catch {
    notify(texts.review.notWhileOffline, { tone: "bad" });
    return false;
  }
  try {
    const found = await post("/reviews/bulk/preview", { verdict, choice });
    if (!found.count) {
      notify(texts.review.nothingFits);
      return false;
    }
    if (!(await ask(question(found.count)))) return false;
    const op_id = newId();
    const body = { op_id, verdict, choice, expected_count: found.count, snapshot: found.snapshot };
    const { receipt, counters: counted } = await post(`/reviews/bulk${search({ task: filter.value.task, seat: session.value.seat })}`, body);
    setCounters(counted);
    if (receipt.outcome === "conflict") {
      notify(texts.review.countChanged(receipt.reason), { tone: "bad" });
      return false;
    }
    markOwn(op_id);
    steps.add({ op_id, example: null, after: null });
    await resync();
    notify(texts.review.decidedMany(texts.status(STATUS_OF[verdict], task.value?.kind), receipt.changed), {
      tone: "ok", action: { label: texts.review.undo, run: undo },
    });
    return true;
  } catch (error) {
    notifyError(error);
    return false;
  }
}

function isAllowed() {
  if (mayReview.value) return true;
  notify(isReadOnly.value ? texts.review.onlyReading : texts.review.onlyLooking, {
    tone: "bad", hint: isReadOnly.value ? texts.readOnlyHint : undefined,
  });
  return false;
}

/** Opens the answer for writing. */
export function edit() {
  if (isAllowed()) isEditing.value = true;
}

outbox.onReceipts(({ receipts, counters, task: counted, examples, entries, isElsewhere }) => {
  if (counted === filter.value.task) setCounters(counters);
  for (const entry of entries) {
    const receipt = receipts.find((one) => one.op_id === entry.op_id);
    if (entry.state !== "queued") {
      if (entry.example_id) refetch([entry.example_id]);
      if (isElsewhere) continue;
      notify(entry.state === "conflict" ? texts.outbox.conflictNotice : texts.outbox.refusedNotice(entry.reason ?? ""), {
        tone: "bad",
      });
    } else if (receipt) {
      acknowledged(entry, receipt, examples);
    }
  }
});

/** @param {any} entry @param {any} receipt @param {string[]} examples */
function acknowledged(entry, receipt, examples) {
  const isDone = receipt.outcome === "applied" || receipt.outcome === "duplicate";
  if (entry.kind === "decide") {
    if (isDone && entry.isAgain) refetch([entry.example_id]);
    else if (isDone && typeof receipt.version === "number") agree(entry.example_id, receipt.version);
    return;
  }
  // An undo of another tab moves nothing here: the stream tells what changed.
  if (!isOwn(entry.op_id)) return;
  if (!isDone) {
    notify(receipt.reason || texts.review.nothingToUndo);
    if (entry.example_id) refetch([entry.example_id]);
  } else if (entry.patch) {
    if (typeof receipt.version === "number") agree(entry.example_id, receipt.version);
  } else if (examples.length === 1) {
    reach(examples[0]).then(() => refetch(examples));
  } else {
    notify(texts.review.takenBackMany(entry.kind, receipt.changed), { tone: "ok" });
    resync();
  }
}

/** The version that the server gave, unless a later decision of ours is under way. @param {string} id @param {number} version */
function agree(id, version) {
  if (outbox.queued.value.some((one) => one.example_id === id)) return;
  shown.patch(id, (one) => (one.version === version ? one : { ...one, version }));
}
