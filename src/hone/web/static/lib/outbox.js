// @ts-check
// Decisions on their way to the server. An entry leaves only when the server acknowledged it.
//
// Rules: one storage entry per operation; sent oldest first, at most 100 at once; a lost connection
// waits and tries again; what the server refuses, or fails on each time, is sent singly, then parked
// where people see it and can send it again; leaving the page sends what is left as a beacon.

import { batch, computed, signal } from "../vendor/preact.js";
import { isElsewhere, isSignedOut, post, search, unreached } from "./api.js";
import { calm } from "./calm.js";
import { isOperation, Kept } from "./kept.js";
import { nextBatch, Sender } from "./sending.js";

const BEACON_BYTES = 60_000;

/** @typedef {import("./kept.js").Entry} Entry */

/** @type {Kept|null} */
let kept = null;
/** Who decides in which workspace, as the server calls it: it refuses what was meant as another. */
let seat = "";
let isListening = false;
/** @type {BroadcastChannel|null} */
let channel = null;
/**
 * @typedef {object} News what came of some operations
 * @property {any[]} receipts
 * @property {any} counters
 * @property {string} task whose counters these are
 * @property {string[]} examples which an undo or redo moved
 * @property {Entry[]} entries
 * @property {boolean} [isElsewhere] another tab of this browser was told
 */
/** @type {Array<(news: News) => void>} */
const listeners = [];

/** The task whose examples are counted in the answers. */
export const counted = signal("");
export const entries = signal(/** @type {Entry[]} */ ([]));
/** Why nothing can be kept here: the storage is full or blocked. */
export const isBlocked = signal(false);
export const drafts = signal(/** @type {Record<string, any>} */ ({}));

export const queued = computed(() => entries.value.filter((one) => one.state === "queued"));
export const parked = computed(() => entries.value.filter((one) => one.state !== "queued"));

const sender = new Sender({
  scope: () => kept?.scope,
  queued: () => (kept && !isSignedOut.value && !isElsewhere.value ? queued.value : []),
  send,
  refuse: (entry, error) => park(entry, "refused", error.message, error.hint),
});
/** Why what is queued cannot be sent now: the server is not reached, or has trouble of its own. */
export const failure = sender.failure;

/** How many examples of each status the unacknowledged operations add or take away. */
export const delta = computed(() => {
  const found = /** @type {Record<string, number>} */ ({});
  for (const { from, to } of queued.value) {
    if (!from || from === to) continue;
    found[from] = (found[from] ?? 0) - 1;
    found[to] = (found[to] ?? 0) + 1;
  }
  return found;
});

/**
 * Opens the outbox of one person and one workspace, and sends what an earlier visit left.
 * @param {string} scope
 * @param {string} where the seat of both
 */
export function open(scope, where) {
  kept = new Kept(localStorage, scope);
  seat = where;
  reread();
  if (!isListening) listen();
  sender.flush();
}

function listen() {
  isListening = true;
  if (typeof BroadcastChannel === "function" && !channel) {
    channel = new BroadcastChannel("hone-receipts");
    channel.onmessage = (event) => {
      if (event.data?.scope === kept?.scope) tell({ ...event.data.news, isElsewhere: true });
    };
  }
  addEventListener("storage", (event) => isOperation(event.key) && reread());
  addEventListener("online", () => retryNow());
  addEventListener("pagehide", beacon);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") beacon();
    else retryNow();
  });
}

/** Called with every acknowledgement, also those that another tab received. @param {(news: News) => void} run */
export function onReceipts(run) {
  listeners.push(run);
}

/**
 * Keeps an operation and sends it. False: this browser cannot keep it, so it did not happen.
 * @param {Omit<Entry, "key"|"state">} operation
 */
export function push(operation) {
  if (!kept) return false;
  /** @type {Entry} */
  const entry = { ...operation, key: kept.key(operation.op_id), state: "queued" };
  if (!attempt(() => kept?.write(entry))) return false;
  entries.value = [...entries.value, entry];
  sender.begin();
  return true;
}

/** Keeps the text of an edit that is not finished. @param {string} id @param {any} draft */
export function keepDraft(id, draft) {
  drafts.value = { ...drafts.value, [id]: draft };
  attempt(() => kept?.writeDraft(id, draft));
}

/** @param {string} id */
export function dropDraft(id) {
  if (!(id in drafts.value)) return;
  const { [id]: _gone, ...others } = drafts.value;
  drafts.value = others;
  kept?.removeDraft(id);
}

/** Lets go of a parked operation, because a person said so. @param {Entry} entry */
export function discard(entry) {
  kept?.remove(entry.key);
  entries.value = entries.value.filter((one) => one.op_id !== entry.op_id);
}

/**
 * Sends a parked operation again, under its own name: applied once, whatever came of it before.
 * @param {Entry} entry
 * @param {any} [change] what a person changed of it
 */
export function resend(entry, change = {}) {
  const again = { ...entry, ...change, state: "queued", reason: undefined, hint: undefined, isAgain: true };
  if (!attempt(() => kept?.write(again))) return;
  replace(again);
  sender.begin();
}

/** Resolves once nothing is queued; rejects where the server is not reached in time. @param {number} [most] milliseconds */
export async function settle(most = 8000) {
  const end = Date.now() + most;
  retryNow();
  while (queued.value.length) {
    if (Date.now() > end || isSignedOut.value) throw new Error("not sent");
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/** Tries at once, whatever the wait was, and whether there is room again. */
export function retryNow() {
  if (isBlocked.value) attempt(() => kept?.probe());
  sender.hurry();
}

/** @param {() => void} run @returns {boolean} */
function attempt(run) {
  try {
    run();
    isBlocked.value = false;
    return true;
  } catch {
    isBlocked.value = true; // full or switched off; the save state says so
    return false;
  }
}

function reread() {
  if (!kept) return;
  const found = kept;
  attempt(() => {
    batch(() => {
      entries.value = found.entries();
      drafts.value = found.drafts();
    });
  });
}

/** @param {Entry[]} sending */
async function send(sending) {
  const [first] = sending;
  const task = counted.value;
  const answer =
    first.kind === "decide"
      ? await post(`/reviews${search({ task, seat })}`, { operations: sending.map((one) => one.body) })
      : await post(`/reviews/${first.kind}${search({ task, seat })}`, first.body);
  await calm();
  const receipts = answer?.receipts ?? [answer?.receipt];
  // Whatever stands between may answer in the server's name.
  if (receipts[0]?.op_id !== first.op_id) throw unreached();
  const { counters, examples = [] } = answer;
  const news = { receipts, counters, task, examples, entries: sending };
  batch(() => {
    for (const receipt of receipts) settleOne(receipt);
    tell(news);
  });
  channel?.postMessage({ scope: kept?.scope, news });
}

/** @param {any} receipt */
function settleOne(receipt) {
  const entry = entries.value.find((one) => one.op_id === receipt.op_id);
  if (!entry) return;
  if (receipt.outcome === "applied" || receipt.outcome === "duplicate" || entry.kind !== "decide") {
    discard(entry);
    correctLater(entry, receipt.version);
  } else {
    park(entry, receipt.outcome === "conflict" ? "conflict" : "refused", receipt.reason, "");
  }
}

/**
 * Later decisions about the same example rest on this one: they carry its real version.
 * @param {Entry} settled
 * @param {number|null} version
 */
function correctLater(settled, version) {
  if (typeof version !== "number") return;
  const later = queued.value.filter(
    (one) => one.kind === "decide" && one.example_id === settled.example_id,
  );
  if (!later.length || later[0].body.base_version === version) return;
  later.forEach((one, place) => {
    one.body = { ...one.body, base_version: version + place };
    attempt(() => kept?.write(one));
  });
}

/** @param {Entry} entry @param {"refused"|"conflict"} state @param {string} reason @param {string} hint */
function park(entry, state, reason, hint) {
  const changed = { ...entry, state, reason, hint };
  attempt(() => kept?.write(changed));
  replace(changed);
  tell({ receipts: [], counters: null, task: "", examples: [], entries: [changed] });
}

/** @param {Entry} changed */
function replace(changed) {
  entries.value = entries.value.map((one) => (one.op_id === changed.op_id ? changed : one));
}

/** @param {News} news */
function tell(news) {
  for (const run of listeners) run(news);
}

/** Hands what is left to the browser; the entries stay until a later visit hears of them. */
function beacon() {
  if (!queued.value.length || isSignedOut.value || queued.value[0].kind !== "decide") return;
  const operations = [];
  let size = 0;
  for (const one of nextBatch(queued.value)) {
    size += JSON.stringify(one.body).length * 3;
    if (size > BEACON_BYTES) break;
    operations.push(one.body);
  }
  if (!operations.length) return;
  const body = new Blob([JSON.stringify({ operations })], { type: "application/json" });
  navigator.sendBeacon(`/api/reviews${search({ seat })}`, body);
}
