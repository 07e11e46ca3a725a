// @ts-check
// The list under review: what is loaded, where we stand in it, how many there are of each status.

import { batch, computed, effect, signal } from "../../vendor/preact.js";
import { get } from "../../lib/api.js";
import { calm, later } from "../../lib/calm.js";
import { counted, delta, failure, queued } from "../../lib/outbox.js";
import { remember, rewrite } from "../../lib/route.js";
import { session, taskNamed } from "../../lib/session.js";
import { listenTo } from "../../lib/stream.js";
import { ExampleWindow } from "../../lib/window.js";
import { fromParams, isNarrow, statusTotal, toParams, toQuery } from "./filter.js";

const MOST_REFETCHED = 12;
const MOST_OWN = 1000;
const SETTLED_MS = 60;
const ADDRESS_MS = 150;

export const filter = signal(fromParams(new URLSearchParams(), ""));
const serverCounters = signal(/** @type {Record<string, number>} */ ({}));
/** How many examples the list has; as it was loaded, null where nobody has counted. */
export const listTotal = signal(/** @type {number|null} */ (null));

export const shown = new ExampleWindow(page, one);

/** Examples of each status: the server's last word and our own decisions that it has not heard. */
export const counters = computed(() => {
  const found = { ...serverCounters.value };
  for (const [status, change] of Object.entries(delta.value)) {
    found[status] = Math.max(0, (found[status] ?? 0) + change);
  }
  return found;
});
/** What the list and the line above it show. */
export const listed = later(() => ({ items: shown.items.value, index: shown.index.value }));
export const countersBeside = later(() => counters.value);
export const current = computed(() => shown.items.value[shown.index.value] ?? null);
export const isAnyShown = computed(() => current.value !== null);
export const task = computed(() => taskNamed(filter.value.task) ?? null);
export const isLoaded = signal(false);
/** The example on which a person stays: what stands beside it is drawn after the example itself. */
export const settled = signal(/** @type {any} */ (null));

/** Operations of this tab: news of them need no second look. */
const own = new Set();
/** @type {ReturnType<typeof setTimeout>|undefined} */
let addressTimer;
let isListening = false;
/** The list that is on its way. @type {Promise<any>|null} */
let loading = null;
/** @type {ReturnType<typeof setTimeout>|undefined} */
let settleTimer;
effect(() => {
  const example = current.value;
  clearTimeout(settleTimer);
  settleTimer = setTimeout(drawBeside, SETTLED_MS, example);
});

effect(() => {
  // Also where a page that was waited for has brought it: nobody presses a key then.
  if (current.value && isLoaded.value) showAddress();
});

effect(() => {
  // Somebody was faster than the network, which is back: what was not brought then comes now.
  if (failure.value === null) setTimeout(() => shown.refill());
});

/** Draws what stands beside an example at once. */
export function drawBeside(example = current.value) {
  clearTimeout(settleTimer);
  settled.value = example;
}

/** @param {Record<string, any>} query */
async function page(query) {
  const found = await get("/examples", { ...toQuery(filter.value), ...query });
  setCounters(found.counters);
  return { ...found, items: found.items.map(withOwn) };
}

/** @param {string} id */
async function one(id) {
  const found = await get(`/examples/${id}`).catch(() => null);
  return found && withOwn(found.example);
}

/** @param {Record<string, number>|null|undefined} found */
export function setCounters(found) {
  const isNews = found && JSON.stringify(found) !== JSON.stringify(serverCounters.value);
  if (isNews) serverCounters.value = found;
}

/** Takes the list up as the address says. @param {URLSearchParams} params */
export async function open(params) {
  const wanted = fromParams(params, session.value.default_task);
  const at = params.get("at");
  const isOther = JSON.stringify(wanted) !== JSON.stringify(filter.value);
  if (isOther || !isLoaded.value) {
    take(wanted);
    await load(at);
  } else if (at && at !== current.value?.id) {
    await reach(at);
  }
  if (!isListening) {
    isListening = true;
    listenTo("reviews", hear);
    listenTo("resync", () => isLoaded.value && resync());
    addEventListener("online", () => shown.refill());
  }
}

/** Loads the list anew with some conditions changed. @param {Partial<typeof filter.value>} change */
export async function choose(change) {
  take({ ...filter.value, ...change });
  await load(null);
}

/** What is shown of another task must not be decided as one of this. @param {typeof filter.value} wanted */
function take(wanted) {
  batch(() => {
    if (wanted.task !== filter.value.task) shown.clear();
    filter.value = wanted;
    counted.value = wanted.task;
  });
}

/** @param {string|null} around @param {{isStaying?: boolean}} [how] */
export async function load(around, how) {
  const begun = shown.load(around, how).catch(() => null);
  loading = begun;
  const found = await begun;
  if (loading === begun) loading = null;
  if (!found) return;
  const isWhole = !found.has_before && !found.has_after;
  batch(() => {
    isLoaded.value = true;
    listTotal.value = countOf(found, isWhole);
  });
  showAddress();
}

/** @param {any} found @param {boolean} isWhole */
function countOf(found, isWhole) {
  if (isWhole) return found.items.length;
  return isNarrow(filter.value) ? null : statusTotal(filter.value, found.counters);
}

/** The list again, at the same place; behind all examples is a place too. */
export async function resync() {
  // Another list is on its way: the place in the old one has nothing to do with it.
  while (loading) await loading;
  await load(current.value?.id ?? shown.items.value.at(-1)?.id ?? null, { isStaying: true });
}

/** Shows an example, also one that is not in the window. @param {string} id */
export async function reach(id) {
  const place = shown.find(id);
  if (place >= 0) shown.goTo(place);
  else await load(id);
  showAddress();
}

/** @param {number} steps */
export function move(steps) {
  shown.move(steps);
}

/** @param {number} index */
export function goTo(index) {
  shown.goTo(index);
}

/** Fetches examples again that somebody else may have changed. @param {string[]} ids */
export async function refetch(ids) {
  await Promise.all(
    ids.map(async (id) => {
      const found = await get(`/examples/${id}`).catch(() => null);
      if (found) shown.patch(id, () => withOwn(found.example));
    }),
  );
}

/** Whether this tab asked for an operation. @param {string} op_id */
export const isOwn = (op_id) => own.has(op_id);

/** Remembers that an operation is our own. @param {string} op_id */
export function markOwn(op_id) {
  own.add(op_id);
  if (own.size > MOST_OWN) own.delete(own.values().next().value);
}

/** What our own unsent decisions make of an example. @param {any} example */
function withOwn(example) {
  const ours = queued.value.filter((one) => one.example_id === example.id && one.patch);
  return ours.reduce((made, one) => ({ ...made, ...one.patch }), example);
}

/** @param {{ids: string[], op_ids: string[], has_more_ids: boolean, by_task: Record<string, any>}} news */
async function hear({ ids, op_ids, has_more_ids, by_task }) {
  await calm();
  if (!queued.value.length) setCounters(by_task[filter.value.task]);
  if (op_ids.length && op_ids.every((one) => own.has(one))) return;
  const foreign = ids.filter((id) => shown.find(id) >= 0);
  const isImport = !op_ids.length;
  if (isImport || has_more_ids || foreign.length > MOST_REFETCHED) resync();
  else refetch(foreign);
}

/** The address follows after the frame that a key is waiting for, not more often than browsers allow. */
function showAddress() {
  // At once: who leaves before the address is written comes back to the same example.
  remember("review", address());
  addressTimer ??= setTimeout(async () => {
    await calm();
    addressTimer = undefined;
    writeAddress();
  }, ADDRESS_MS);
}

function writeAddress() {
  if (!location.hash.startsWith("#/review")) return;
  rewrite("review", address());
}

const address = () => ({ ...toParams(filter.value), at: current.value?.id });
