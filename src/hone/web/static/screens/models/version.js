// One version: what the gate says of it, its figures, where it comes from, and who chose what when.

import { html, signal, useEffect } from "../../vendor/preact.js";
import { get } from "../../lib/api.js";
import { duration, moment, number } from "../../lib/format.js";
import { linkTo } from "../../lib/route.js";
import { texts } from "../../texts.js";
import { Failure, Waiting } from "../../ui/show.js";
import { measured } from "../evaluate/summary.js";
import { Ancestry } from "./ancestry.js";
import { Gate } from "./gate.js";

const words = texts.models;
const info = signal(/** @type {any} */ (null));
const evaluations = signal(/** @type {any[]} */ ([]));
const error = signal(/** @type {any} */ (null));

/** @param {{reference: string, known: any[], onChanged: () => void, onChosen: (ref: string) => void}} props */
export function Version({ reference, known, onChanged, onChosen }) {
  const look = async () => {
    try {
      const path = encodeURIComponent(reference);
      const [found, lines] = await Promise.all([get(`/models/${path}`), get("/evaluations", { model: reference })]);
      [info.value, evaluations.value, error.value] = [found, lines, null];
    } catch (failed) {
      error.value = failed;
    }
  };
  useEffect(() => {
    info.value = null;
    look();
  }, [reference]);
  if (error.value) return html`<section class="card"><${Failure} error=${error.value} onRetry=${look} /></section>`;
  if (!info.value) return html`<section class="card"><${Waiting} lines=${8} /></section>`;
  const { model, is_active } = info.value;
  return html`<section class="card version" aria-labelledby="version-title">
    <header class="row"><h2 id="version-title">${model.name}@${model.version}</h2>
      ${is_active && html`<span class="pill status-accepted">${words.active}</span>`}</header>
    <${Gate} reference=${reference} isActive=${is_active} onChanged=${() => (look(), onChanged())} />
    ${info.value.missing_files.length > 0 && html`<p class="problem">${words.missing(info.value.missing_files.join(", "))}</p>`}
    <${Figures} metrics=${model.metrics} />
    <${Evaluations} rows=${evaluations.value} />
    <${Ancestry} info=${info.value} known=${known} onChosen=${onChosen} />
    <${Facts} model=${model} at=${info.value.registered_at} />
    <${Journal} rows=${info.value.activations} />
  </section>`;
}

function Figures({ metrics }) {
  const names = Object.keys(metrics);
  if (!names.length) return html`<p class="muted">${words.notScored}</p>`;
  return html`<div class="scrolled" tabindex="0" role="group" aria-label=${words.figures}><table class="table">
    <caption>${words.figures}</caption>
    <tbody>${names.map((name) => html`<tr key=${name}><th scope="row">${name}</th><td class="figure">${measured(metrics[name])}</td><td class="muted">${metrics[name].on}</td></tr>`)}</tbody>
  </table></div>`;
}

function Evaluations({ rows }) {
  if (!rows.length) return null;
  return html`<div><h3>${words.evaluations}</h3>
    <ul class="link-rows">${rows.map((one) => html`<li key=${one.id}><a href=${linkTo("evaluate", { id: one.id })}>${one.on}</a>
      <span class="figure">${measured(one.score)}</span><span class="muted">${moment(one.at)}</span></li>`)}</ul></div>`;
}

function Facts({ model, at }) {
  const facts = {
    base: model.base, method: model.details?.method, kind: model.kind, target: model.target, trained: model.runtime_seconds ? duration(model.runtime_seconds) : "",
    cost: model.cost_usd ? `$${number(model.cost_usd)}` : "", job: model.job, registered: moment(at),
    licence: Object.values(model.licence ?? {}).join(", "),
  };
  return html`<dl class="facts">${Object.entries(facts).filter(([, value]) => value).map(
    ([name, value]) => html`<div key=${name}><dt>${words.facts[name]}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}

function Journal({ rows }) {
  if (!rows.length) return null;
  return html`<details><summary>${words.journal}</summary><ul class="link-rows">${[...rows].reverse().map((one) => html`<li key=${one}>${one}</li>`)}</ul></details>`;
}
