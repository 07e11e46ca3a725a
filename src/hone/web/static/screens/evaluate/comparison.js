// Versions on the same examples, in pairs: who is better, by how much, and where it is not to tell.

import { html, signal, useEffect } from "../../vendor/preact.js";
import { get } from "../../lib/api.js";
import { number } from "../../lib/format.js";
import { linkTo } from "../../lib/route.js";
import { texts } from "../../texts.js";
import { Command, Failure, Waiting } from "../../ui/show.js";
import { lines, view } from "./chosen.js";
import { measured } from "./summary.js";

const words = texts.evaluate;
const SHOWN = 8;
const FIGURES = ["difference", "p", "ties", "examples"];
const chosen = signal(/** @type {string[]} */ ([]));
const found = signal(/** @type {any} */ (null));
const error = signal(/** @type {any} */ (null));
const isBusy = signal(false);
let turn = 0;

/** Versions that have answered the same place as the evaluation that is shown. */
function candidates() {
  const { on, task, model } = view.value.evaluation;
  const names = lines.value.filter((one) => one.on === on && one.task === task && one.sample === null).map((one) => one.model);
  return [...new Set([model, ...names])];
}

async function compare() {
  const mine = ++turn;
  if (chosen.value.length < 2) {
    found.value = error.value = null;
    return;
  }
  isBusy.value = true;
  try {
    const answer = await get("/comparisons", { model: chosen.value, on: view.value.evaluation.on });
    if (mine === turn) [found.value, error.value] = [answer, null];
  } catch (failed) {
    if (mine === turn) [found.value, error.value] = [null, failed];
  } finally {
    if (mine === turn) isBusy.value = false;
  }
}

export function Comparison() {
  const names = candidates();
  useEffect(() => {
    chosen.value = names.slice(0, 2);
    compare();
  }, [view.value.evaluation.id, names.join(" ")]);
  const toggle = (name) => {
    chosen.value = chosen.value.includes(name) ? chosen.value.filter((one) => one !== name) : [...chosen.value, name];
    compare();
  };
  return html`<div class="comparison">
    <fieldset class="row"><legend class="muted">${words.compared(view.value.evaluation.on)}</legend>
      ${names.map((name) => html`<label key=${name} class="check"><input type="checkbox" checked=${chosen.value.includes(name)} onChange=${() => toggle(name)} />${name}</label>`)}
    </fieldset>
    ${names.length < 2 && html`<p>${words.onlyOne}</p><${Command} text="hone compare ${view.value.evaluation.model} OTHER" />`}
    ${error.value && html`<${Failure} error=${error.value} onRetry=${compare} />`}
    ${isBusy.value && html`<${Waiting} lines=${5} />`}
    ${found.value && !isBusy.value && html`<${Found} one=${found.value} />`}
  </div>`;
}

function Found({ one }) {
  return html`
    <p><strong>${words.comparedOn(number(one.examples), Math.round(one.confidence * 100))}</strong></p>
    <ul class="findings">${one.pairs.map((pair) => html`<li key=${`${pair.one} ${pair.other}`}>
      <span class="pill finding-${pair.finding}">${words.finding[pair.finding]}</span> ${pair.says}</li>`)}</ul>
    <div class="scrolled" tabindex="0" role="group" aria-label=${words.pairs}><table class="table">
      <caption>${words.pairs}</caption>
      <thead><tr>${["pair", "difference", "p", "won", "lost", "ties"].map((name) => html`<th key=${name} scope="col" class=${FIGURES.includes(name) ? "figure" : ""}>${words.pairColumns[name]}</th>`)}</tr></thead>
      <tbody>${one.pairs.map((pair) => html`<tr key=${`${pair.one} ${pair.other}`}>
        <th scope="row">${pair.one} – ${pair.other}</th><td class="figure">${measured(pair.difference, true)}</td>
        <td class="figure">${pair.p_adjusted.toPrecision(2)}</td>
        <td><${Ids} ids=${pair.won} task=${one.task} /></td><td><${Ids} ids=${pair.lost} task=${one.task} /></td>
        <td class="figure">${number(pair.ties)}</td></tr>`)}</tbody>
    </table></div>
    <p class="muted">${words.noise(one.noise.says)}</p>
    ${one.notes.map((note) => html`<p key=${note} class="muted">${note}</p>`)}
    ${one.slices.length > 0 && html`<${Slices} rows=${one.slices} />`}
  `;
}

/** How many, and the clearest of them as ways into the review. */
function Ids({ ids, task }) {
  if (!ids.length) return html`<span class="figure">0</span>`;
  return html`<details><summary class="figure">${number(ids.length)}</summary>
    <ul class="ids">${ids.slice(0, SHOWN).map((id) => html`<li key=${id}><a href=${linkTo("review", { task, status: "all", at: id })}>${id}</a></li>`)}</ul>
    ${ids.length > SHOWN && html`<p class="muted">${words.more(number(ids.length - SHOWN))}</p>`}
  </details>`;
}

function Slices({ rows }) {
  return html`<details><summary>${words.slices}</summary>
    <div class="scrolled" tabindex="0" role="group" aria-label=${words.slices}><table class="table">
      <thead><tr>${["pair", "by", "part", "examples", "difference"].map((name) => html`<th key=${name} scope="col" class=${FIGURES.includes(name) ? "figure" : ""}>${words.sliceColumns[name]}</th>`)}</tr></thead>
      <tbody>${rows.map((one, place) => html`<tr key=${place}><th scope="row">${one.one} – ${one.other}</th><td>${one.by}</td><td class="slice-part">${one.value}</td>
        <td class="figure">${number(one.examples)}</td><td class="figure">${measured(one.difference, true)} ${one.finding !== "unclear" && html`<span class="pill finding-${one.finding}">${words.finding[one.finding]}</span>`}</td></tr>`)}</tbody>
    </table></div>
  </details>`;
}
