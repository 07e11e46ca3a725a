// "Run Quick Evaluation": a model answers a sample while one looks on; a reload finds it again.

import { html, signal, useEffect } from "../../vendor/preact.js";
import { get, post } from "../../lib/api.js";
import { duration, number } from "../../lib/format.js";
import { mayTrain } from "../../lib/session.js";
import { texts } from "../../texts.js";
import { Button } from "../../ui/button.js";
import { Select } from "../../ui/field.js";
import { Failure, Meter } from "../../ui/show.js";
import { notify } from "../../ui/toast.js";
import { reload } from "./chosen.js";

const words = texts.evaluate;
const LOOK_MS = 1000;
const AMOUNTS = ["50", "200", "1000"];

const refs = signal(/** @type {string[]} */ ([]));
const model = signal("");
const split = signal("test");
const amount = signal("50");
const run = signal(/** @type {any} */ (null));
const error = signal(/** @type {any} */ (null));
let timer = 0;

const isUnderWay = (one) => one?.state === "waiting" || one?.state === "running";

export function Quick() {
  useEffect(() => {
    findAgain();
    return () => clearTimeout(timer);
  }, []);
  if (!refs.value.length || !mayTrain.value) return null;
  return html`<section class="card quick" aria-label=${words.quick}>
    ${isUnderWay(run.value) ? html`<${Running} one=${run.value} />` : html`<${Start} />`}
    ${error.value && html`<${Failure} error=${error.value} />`}
  </section>`;
}

const Start = () => html`<div class="row">
    <${Select} label=${words.quickModel} value=${model.value} options=${refs.value.map((ref) => [ref, ref])}
      onChange=${(ref) => (model.value = ref)} />
    <${Select} label=${words.quickSplit} value=${split.value} options=${Object.entries(words.quickSplits)} onChange=${(name) => (split.value = name)} />
    <${Select} label=${words.quickAmount} value=${amount.value} options=${AMOUNTS.map((count) => [count, words.amount(count)])} onChange=${(count) => (amount.value = count)} />
    <${Button} tone="primary" icon="evaluate" onClick=${start}>${words.quick}<//>
  </div>
  <p class="muted">${words.quickAbout}</p>`;

function Running({ one }) {
  const left = one.eta_seconds > 1 ? ` · ${words.quickLeft(duration(one.eta_seconds))}` : "";
  return html`<div class="row">
      <p class="quick-state" role="status">${one.total ? words.quickRuns(one.model) : words.quickWaits(one.model)}</p>
      <${Button} onClick=${stop}>${words.stop}<//>
    </div>
    <${Meter} value=${one.done} most=${one.total ?? 0} label=${words.quickRuns(one.model)} />
    <p class="muted figure">${one.total && words.quickDone(number(one.done), number(one.total)) + left}</p>`;
}

/** The models to choose from, and an evaluation that was started before, here or elsewhere. */
async function findAgain() {
  try {
    const [models, running] = await Promise.all([get("/models"), get("/evaluations/answering")]);
    refs.value = models.map((one) => one.ref).reverse();
    if (!refs.value.includes(model.value)) model.value = models.find((one) => one.is_active)?.ref ?? refs.value[0] ?? "";
    if (running.length) take(running[0]);
  } catch (failed) {
    error.value = failed;
  }
}

async function start() {
  error.value = null;
  await doing(() => post("/evaluations", { model: model.value, split: split.value, sample: Number(amount.value) }));
}

async function stop() {
  await doing(() => post(`/evaluations/answering/${run.value.id}/stop`, {}));
}

const look = () => doing(() => get(`/evaluations/answering/${run.value.id}`));

async function doing(call) {
  clearTimeout(timer);
  try {
    await take(await call());
  } catch (failed) {
    error.value = failed;
    // The server may be back in a moment; what runs there goes on meanwhile.
    if (isUnderWay(run.value)) timer = setTimeout(look, 5 * LOOK_MS);
  }
}

async function take(one) {
  const wasUnderWay = isUnderWay(run.value);
  run.value = one;
  if (isUnderWay(one)) {
    error.value = null;
    timer = setTimeout(look, LOOK_MS);
  } else if (one.is_ready) {
    notify(words.quickReady(one.model));
    await reload(one.id);
  } else if (one.state === "cancelled" && wasUnderWay) {
    notify(words.quickStopped);
  } else {
    error.value = { message: one.error, hint: one.hint };
  }
}
