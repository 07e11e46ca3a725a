// @ts-check
// The queue of flags: which one is open, what was changed of its answer, and saying what is right.

import { batch, signal } from "../../vendor/preact.js";
import { get, post } from "../../lib/api.js";
import { isSame } from "../../lib/format.js";
import { session } from "../../lib/session.js";
import { texts } from "../../texts.js";
import { notify, notifyError } from "../../ui/toast.js";

const MOST = 500;

/** Of whom the flags are; empty: of whoever was evaluated last. */
export const model = signal("");
export const isTested = signal(false);
export const queue = signal(/** @type {any} */ (null));
export const opened = signal(/** @type {any} */ (null));
export const error = signal(/** @type {any} */ (null));
/** The answer as it is being corrected, and the reviewer's note. */
export const draft = signal(/** @type {any} */ (null));
export const note = signal("");
export const isBusy = signal(false);

/** Brings the queue, and opens its first flag, or the one that is named. @param {string} [id] */
export async function begin(id) {
  try {
    const found = await get("/flags", { model: model.value, is_tested: isTested.value || "", limit: MOST });
    batch(() => {
      queue.value = found;
      error.value = null;
    });
    const wanted = found.flags.find((/** @type {any} */ one) => one.id === id) ?? found.flags[0];
    if (wanted) await open(wanted.id);
    else opened.value = null;
  } catch (failed) {
    batch(() => {
      queue.value = opened.value = null;
      error.value = failed;
    });
  }
}

/** @param {string} id */
export async function open(id) {
  try {
    const found = await get(`/flags/${encodeURIComponent(id)}`, { model: model.value });
    batch(() => {
      opened.value = found;
      draft.value = found.expected_output;
      note.value = "";
    });
  } catch (failed) {
    notifyError(failed);
  }
}

/** Whether the answer is another one than was expected. */
export const isChanged = () => opened.value && !isSame(draft.value, opened.value.expected_output);

/** Goes on or back in the queue without saying anything. @param {number} steps */
export function step(steps) {
  const flags = queue.value?.flags ?? [];
  const place = flags.findIndex((/** @type {any} */ one) => one.id === opened.value?.flag.id);
  const next = flags[place + steps];
  if (next) open(next.id);
}

/** Saves what was corrected, or that the expected answer is right, and opens the next. */
export const save = () => say(isChanged() ? "edit" : "confirm");

/**
 * Says what is right of the open flag; the next one opens once that is kept.
 * @param {string} verdict
 */
export async function say(verdict) {
  const one = opened.value;
  // Nothing is said of a flag that nobody has seen yet.
  if (!one || isBusy.value) return;
  isBusy.value = true;
  try {
    const body = {
      op_id: crypto.randomUUID(), verdict, model: one.flag.model, note: note.value,
      output: verdict === "edit" ? draft.value : null,
    };
    const path = `/flags/${encodeURIComponent(one.flag.id)}?seat=${encodeURIComponent(session.value.seat)}`;
    await post(path, body);
    const flags = queue.value.flags;
    const place = flags.findIndex((/** @type {any} */ other) => other.id === one.flag.id);
    const next = flags[place + 1] ?? flags[place - 1];
    notify(texts.flags.said[verdict], { tone: "ok", action: { label: texts.flags.takeBack, run: () => takeBack(one.flag) } });
    await begin(next?.id);
  } catch (failed) {
    notifyError(failed);
  } finally {
    isBusy.value = false;
  }
}

/** Takes back what was said last of a flag, and opens it again. @param {any} flag */
async function takeBack(flag) {
  try {
    const body = { op_id: crypto.randomUUID(), verdict: "reopen", model: flag.model };
    await post(`/flags/${encodeURIComponent(flag.id)}?seat=${encodeURIComponent(session.value.seat)}`, body);
    await begin(flag.id);
  } catch (failed) {
    notifyError(failed);
  }
}

/** Takes a test example out of every test for ever. @param {string} why */
export async function promote(why) {
  const { flag } = opened.value;
  const done = await post(`/flags/${encodeURIComponent(flag.id)}/promote`, { note: why });
  notify(texts.flags.promoted(flag.id, Object.values(done.versions).join(", ")), { tone: "ok" });
  await begin();
}
