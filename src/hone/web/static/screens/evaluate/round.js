// @ts-check
// A round of corrections: where it stands, and taking its next step.

import { batch, signal } from "../../vendor/preact.js";
import { get, post } from "../../lib/api.js";
import { mayTrain } from "../../lib/session.js";
import { texts } from "../../texts.js";
import { notify } from "../../ui/toast.js";

const words = texts.corrections;
const LOOK_MS = 1000;
const AGAIN_MS = 5000;

/** Where it stands, as the server says. */
export const round = signal(/** @type {any} */ (null));
/** What the next dataset version changed, right after it was made. */
export const applied = signal(/** @type {any} */ (null));
/** What retraining would begin, while somebody is asked whether it shall. */
export const planned = signal(/** @type {any} */ (null));
export const error = signal(/** @type {any} */ (null));
export const isBusy = signal(false);
let timer = 0;
// What was on its way when somebody left the screen asks for nothing more.
let isOpen = false;
// Who clicked "measure" wants the report: the evaluations that it takes follow one another.
let isMeasuring = false;
let isStopped = false;

const isUnderWay = (/** @type {any} */ one) => one?.state === "waiting" || one?.state === "running";

// A training that has ended is listed until its version is registered, which may be a look later.
const isComing = (/** @type {any} */ one) => one.state === "succeeded" && !one.error;

/** The jobs of the round that wait, run or are being taken in. */
export const underWay = () => [
  ...(round.value?.trainings ?? []).filter((/** @type {any} */ one) => isUnderWay(one) || isComing(one)),
  ...[round.value?.answering].filter(isUnderWay),
];

/** What went wrong last in a job of the step that is next. */
export function broken() {
  const { step, trainings, answering } = round.value;
  const looked = step === "retrain" ? trainings : step === "measure" && answering ? [answering] : [];
  return looked.find((/** @type {any} */ one) => one.state === "failed" || one.state === "lost");
}

const look = () => doing(() => get("/feedback"));

export function beginLooking() {
  isOpen = true;
  return look();
}

export function stopLooking() {
  isOpen = false;
  clearTimeout(timer);
}

export async function apply() {
  await doing(async () => {
    const done = await post("/feedback/apply", {});
    applied.value = done.applied;
    notify(words.applied(done.applied.dataset), { tone: "ok" });
    return done.round;
  });
}

export async function plan() {
  isBusy.value = true;
  try {
    planned.value = await get("/feedback/plan");
    error.value = null;
  } catch (failed) {
    error.value = failed;
  } finally {
    isBusy.value = false;
  }
}

export async function retrain() {
  const price = planned.value.price_usd;
  planned.value = null;
  await doing(() => post("/feedback/retrain", { price_usd: price }));
}

export async function measure() {
  isMeasuring = true;
  isStopped = false;
  await doing(() => post("/feedback/measure", {}));
}

export async function stop() {
  isMeasuring = false;
  isStopped = true;
  await doing(() => post("/feedback/stop", {}));
}

/** @param {() => Promise<any>} call */
async function doing(call) {
  clearTimeout(timer);
  isBusy.value = true;
  try {
    const found = await call();
    batch(() => {
      round.value = found;
      error.value = null;
    });
    follow();
  } catch (failed) {
    error.value = failed;
    isMeasuring = false;
    // The server may be back in a moment; what runs there goes on meanwhile.
    if (isOpen && underWay().length) timer = setTimeout(look, AGAIN_MS);
  } finally {
    isBusy.value = false;
  }
}

function follow() {
  if (!isOpen) return;
  const { step, report, answering } = round.value;
  // Also one that was begun before the page was loaded again.
  if (isUnderWay(answering) && mayTrain.value && !isStopped) isMeasuring = true;
  // Stopped from elsewhere: whoever did that does not want it begun again.
  if (answering?.state === "cancelled") isMeasuring = false;
  if (underWay().length) {
    timer = setTimeout(look, LOOK_MS);
  } else if (isMeasuring && step === "measure" && !broken()) {
    timer = setTimeout(measure, 0);
  } else if (isMeasuring) {
    isMeasuring = false;
    if (report && step !== "measure") notify(words.measured(report.model), { tone: "ok" });
  }
}
