// Where a version comes from: reviewers, files, dataset, base and earlier versions, as a line of boxes.

import { html } from "../../vendor/preact.js";
import { number } from "../../lib/format.js";
import { texts } from "../../texts.js";

const words = texts.models;
const SHOWN = 5;

/** @param {{info: any, known: any[], onChosen: (ref: string) => void}} props */
export function Ancestry({ info, known, onChosen }) {
  const { model, dataset, parents } = info;
  const refs = new Set(known.map((one) => one.ref));
  const self = `${model.name}@${model.version}`;
  const children = known.filter((one) => one.parents.includes(self));
  return html`<div><h3>${words.ancestry}</h3>
    <ol class="ancestry">
      ${dataset && html`<li><${Box} name=${words.people} rows=${Object.entries(dataset.reviewers).map(([name, counts]) => [name, told(counts)])} /></li>
        <li><${Box} name=${words.files} rows=${Object.entries(dataset.files).map(([name, count]) => [name, number(count)])} /></li>
        <li><${Box} name=${words.dataset} title=${dataset.ref} rows=${Object.entries(dataset.splits).map(([name, count]) => [name, number(count)])}
          note=${dataset.missing ? words.gone(number(dataset.missing)) : ""} /></li>`}
      <li><${Box} name=${words.from} title=${model.base} rows=${parents.map((one) => [link(`${one.name}@${one.version}`, refs, onChosen), ""])} /></li>
      <li class="is-self"><${Box} name=${words.version} title=${self} rows=${[]} /></li>
      ${children.length > 0 && html`<li><${Box} name=${words.children} rows=${children.map((one) => [link(one.ref, refs, onChosen), ""])} /></li>`}
    </ol></div>`;
}

/** @param {Record<string, number>} counts */
const told = (counts) => Object.entries(counts).map(([what, count]) => `${number(count)} ${texts.status(what).toLowerCase()}`).join(", ");

/** @param {string} ref @param {Set<string>} refs @param {(ref: string) => void} onChosen */
const link = (ref, refs, onChosen) =>
  refs.has(ref) ? html`<button type="button" class="link-button" onClick=${() => onChosen(ref)}>${ref}</button>` : ref;

function Box({ name, title, rows, note }) {
  return html`<div class="ancestor"><span class="muted">${name}</span>${title && html`<strong>${title}</strong>`}
    ${rows.slice(0, SHOWN).map(([one, value], place) => html`<span key=${place} class="ancestor-row"><span>${one}</span><span class="figure muted">${value}</span></span>`)}
    ${rows.length > SHOWN && html`<span class="muted">${texts.evaluate.more(number(rows.length - SHOWN))}</span>`}
    ${note && html`<span class="problem">${note}</span>`}
  </div>`;
}
