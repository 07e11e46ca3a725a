// What the audited messages add up to: whether they are enough to train, pounds by place and kind.

import { html, signal } from "../../vendor/preact.js";
import { number } from "../../lib/format.js";
import { queued } from "../../lib/outbox.js";
import { texts } from "../../texts.js";
import { Button } from "../../ui/button.js";
import { Failure, Meter, Waiting } from "../../ui/show.js";
import { counters, filter } from "./examples.js";
import { useLookup } from "./lookup.js";

const SHOWN = 8;
/** The fields of which every value is shown. */
const opened = signal(/** @type {string[]} */ ([]));

export function Audited() {
  const path = `/reviews/audited?task=${encodeURIComponent(filter.value.task)}`;
  // Also when the last decision has been taken in: what was asked before did not count it.
  const { found, error } = useLookup(path, `${JSON.stringify(counters.value)} ${queued.value.length}`);
  if (error) return html`<${Failure} error=${error} />`;
  if (!found) return html`<${Waiting} lines=${6} />`;
  const { weight } = found;
  return html`<section class="audited" aria-label=${texts.audited.title}>
    <h3 class="pane-title">${texts.audited.title}</h3>
    <p class=${found.is_ready ? "audited-ready is-ready" : "audited-ready"}>${found.readiness}</p>
    <${Meter}
      value=${Math.min(found.audited, found.fewest)} most=${found.fewest}
      label=${texts.audited.needed(found.audited, found.fewest)}
    />
    <dl class="audited-sums">
      ${[
        [texts.audited.messages, found.audited],
        [texts.audited.items, weight.items],
        [texts.audited.pounds, Math.round(weight.pounds)],
      ].map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${number(value)}</dd></div>`)}
    </dl>
    ${weight.unknown > 0 && html`<p class="hint">${texts.audited.unknown(weight.unknown)}</p>`}
    ${Object.entries(found.by).map(([field, values]) => html`<${Bars} key=${field} field=${field} values=${values} />`)}
  </section>`;
}

/** Bars as a table, so that whoever hears it gets the same figures. */
function Bars({ field, values }) {
  const all = Object.entries(values);
  if (!all.length) return null;
  const isOpened = opened.value.includes(field);
  const most = Math.max(...all.map(([, one]) => one.pounds), 1);
  const turn = () => (opened.value = isOpened ? opened.value.filter((one) => one !== field) : [...opened.value, field]);
  return html`<div>
    <table class="table bars">
      <caption>${texts.audited.by(field)}</caption>
      <tbody>
        ${all.slice(0, isOpened ? all.length : SHOWN).map(
          ([name, one]) => html`<tr key=${name}>
            <th scope="row" dir="auto">${name}</th>
            <td class="bar-cell">
              <div class="bar" style=${{ transform: `scaleX(${one.pounds / most})` }}></div>
              ${one.unknown > 0 && html`<span class="muted">${texts.audited.unknownHere(one.unknown)}</span>`}
            </td>
            <td class="figure">${one.unknown && one.unknown === one.items ? "–" : number(Math.round(one.pounds))}</td>
          </tr>`,
        )}
      </tbody>
    </table>
    ${all.length > SHOWN &&
    html`<${Button} isQuiet onClick=${turn} aria-expanded=${isOpened}>
      ${isOpened ? texts.audited.fewer : texts.audited.all(all.length)}
    <//>`}
  </div>`;
}
