// The plan of a training: what it takes and costs, why it may not begin, and the question before it.

import { html } from "../../vendor/preact.js";
import { duration, number } from "../../lib/format.js";
import { texts } from "../../texts.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { isAsking, isBusy, planned, start } from "./form.js";

const words = texts.train;
const DOLLARS = new Intl.NumberFormat("en", { style: "currency", currency: "USD" });
const MOST_CARDS = 6;

const price = (plan) => (plan.price_usd > 0 ? words.costs(DOLLARS.format(plan.price_low_usd), DOLLARS.format(plan.price_usd)) : words.free);

function rows(plan) {
  const { memory_gib: memory, seconds, train } = plan;
  return [
    [words.plan.model, words.what(plan.model, plan.method, plan.base, number(plan.base_parameters))],
    [words.plan.trained, number(plan.trained_parameters)],
    [words.plan.dataset, words.rowsOf(plan.dataset, number(train.rows), plan.val && number(plan.val.rows))],
    [words.plan.tokens, `${train.is_exact ? "" : words.about}${number(train.tokens)}`],
    [words.plan.steps, words.steps(number(plan.steps), plan.epochs)],
    [words.plan.memory, words.memory(memory.low.toFixed(1), memory.high.toFixed(1), plan.device_memory_gib.toFixed(1), plan.verdict)],
    [words.plan.device, `${plan.device} ${plan.device_name}`.trim()],
    [words.plan.time, words.range(duration(seconds.low), duration(seconds.high))],
    [words.plan.disk, `${plan.disk_gib.toFixed(2)} GiB`],
    [words.plan.price, price(plan)],
  ];
}

export function Plan() {
  if (!planned.value) return null;
  const { plan, missing, cards } = planned.value;
  const chosen = Object.entries(plan.options).filter(([, one]) => one.source.startsWith("chosen"));
  return html`<section class="card" aria-label=${words.plan.title}>
    <h2>${words.plan.title}</h2>
    <dl class="differences">${rows(plan).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd class="figure">${value}</dd></div>`)}</dl>
    ${missing.map((why) => html`<p key=${why} class="problem">${why}</p>`)}
    ${plan.notes.map((note) => html`<p key=${note} class="muted">${note}</p>`)}
    ${chosen.length > 0 && html`<details><summary>${words.chosen}</summary><ul class="link-rows">${chosen.map(([key, one]) => html`<li key=${key}><code>${key}</code> ${String(one.value)} <span class="muted">${one.source.replace("chosen: ", "")}</span></li>`)}</ul></details>`}
    ${cards.length > 0 && html`<details open=${plan.verdict !== "fits"}><summary>${words.cards}</summary><ul class="link-rows">${cards.slice(0, MOST_CARDS).map((one) => html`<li key=${one.card.name + one.count}>${one.count > 1 ? `${one.count} × ` : ""}${one.card.name}: ${one.verdict}, ${words.hours(one.hours.low.toFixed(1), one.hours.high.toFixed(1))}, ${words.costs(DOLLARS.format(one.usd.low), DOLLARS.format(one.usd.high))}</li>`)}</ul></details>`}
    ${isAsking.value && html`<${Confirm} plan=${plan} missing=${missing} />`}
  </section>`;
}

function Confirm({ plan, missing }) {
  const close = () => (isAsking.value = false);
  const footer = html`<${Button} onClick=${close}>${texts.cancel}<//><${Button} tone="primary" isDisabled=${missing.length > 0 || isBusy.value} onClick=${start}>${words.start}<//>`;
  return html`<${Dialog} title=${words.confirm(plan.model)} onClose=${close} footer=${footer}>
    <p>${words.what(plan.model, plan.method, plan.base, number(plan.base_parameters))}</p>
    <p>${words.rowsOf(plan.dataset, number(plan.train.rows), plan.val && number(plan.val.rows))}, ${words.steps(number(plan.steps), plan.epochs)}, ${words.range(duration(plan.seconds.low), duration(plan.seconds.high))}</p>
    <p><strong>${price(plan)}</strong></p>
    ${missing.map((why) => html`<p key=${why} class="problem">${why}</p>`)}
  <//>`;
}
