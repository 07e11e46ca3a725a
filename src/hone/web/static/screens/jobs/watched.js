// @ts-check
// Which job is watched: the list, the chosen one with its figures, the end of its log.

import { batch, signal } from "../../vendor/preact.js";
import { get, post } from "../../lib/api.js";
import { rewrite } from "../../lib/route.js";
import { texts } from "../../texts.js";
import { ask } from "../../ui/dialog.js";
import { notify, notifyError } from "../../ui/toast.js";

const LOOK_MS = 2000;
const LINES = 200;

export const jobs = signal(/** @type {any[]|null} */ (null));
export const job = signal(/** @type {any} */ (null));
export const log = signal(/** @type {string[]} */ ([]));
export const error = signal(/** @type {any} */ (null));
export const isBusy = signal(false);
let chosen = "";
let timer = 0;
// What was on its way when somebody left the screen asks for nothing more.
let isOpen = false;

/** @param {any} one */
export const isUnderWay = (one) => one.state === "waiting" || one.state === "running";
/** @param {any} one */
export const mayGoOn = (one) => one.state === "cancelled" || one.state === "failed" || one.state === "lost";

/** Brings the list and the chosen job; again and again while something runs. @param {string} [id] */
export async function look(id) {
  clearTimeout(timer);
  if (id !== undefined) isOpen = true;
  try {
    const found = await get("/jobs");
    // One that is named may be older than all that are listed.
    chosen = id || chosen || (found.find(isUnderWay) ?? found[0])?.id || "";
    const [view, tail] = chosen ? await Promise.all([get(`/jobs/${chosen}`), get(`/jobs/${chosen}/log`, { tail: LINES })]) : [null, { lines: [] }];
    batch(() => {
      jobs.value = found;
      error.value = null;
      if (!view || view.id === chosen) {
        job.value = view;
        log.value = tail.lines;
      }
    });
    if (isOpen && found.some(isUnderWay)) timer = setTimeout(() => look(), LOOK_MS);
  } catch (failed) {
    error.value = failed;
    if (isOpen && jobs.value?.some(isUnderWay)) timer = setTimeout(() => look(), 2 * LOOK_MS);
  }
}

export function stopLooking() {
  isOpen = false;
  clearTimeout(timer);
}

/** @param {string} id */
export function choose(id) {
  chosen = id;
  rewrite("jobs", { id });
  look(id);
}

/** The next job of the list, or the one before. @param {number} steps */
export function step(steps) {
  const found = jobs.value ?? [];
  const next = found[found.findIndex((one) => one.id === job.value?.id) + steps];
  if (next) choose(next.id);
}

export const stop = () => tell("stop", texts.jobs.stopping);

/** Goes on with the job; where a machine would be rented for that, its price is shown before. */
export async function resume() {
  const { id, may_cost_usd: price } = job.value;
  const words = texts.jobs;
  if (price > 0 && !(await ask({ title: words.resumeTitle, text: words.mayCost(price.toFixed(2)), confirm: words.resume }))) return;
  if (job.value?.id === id) await tell("resume", words.goesOn, { price_usd: price });
}

/** @param {string} verb @param {string} said @param {any} [body] */
async function tell(verb, said, body = {}) {
  isBusy.value = true;
  try {
    await post(`/jobs/${job.value.id}/${verb}`, body);
    notify(said, { tone: "ok" });
    await look();
  } catch (failed) {
    notifyError(failed);
  } finally {
    isBusy.value = false;
  }
}
