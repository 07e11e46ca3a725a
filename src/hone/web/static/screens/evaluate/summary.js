// Everybody who answered, with intervals and bands; how the scores are spread; what to know of them.

import { html } from "../../vendor/preact.js";
import { number, score } from "../../lib/format.js";
import { texts } from "../../texts.js";
import { BANDS, choose, toggleBand, view, which } from "./chosen.js";

const words = texts.evaluate;
const LEAST_SHARE = 0.02;

/** A figure with its interval. @param {any} one */
export function measured(one, isSigned = false) {
  if (!one) return "–";
  const shown = (value) => (isSigned && value > 0 ? "+" : "") + value.toFixed(3);
  const range = typeof one.low === "number" ? ` [${shown(one.low)}, ${shown(one.high)}]` : "";
  return shown(one.value) + range;
}

export function Summary() {
  const { evaluation, spread } = view.value;
  return html`<div class="evaluate-summary">
    <section class="card" aria-labelledby="evaluate-rows">
      <h2 id="evaluate-rows">${words.rows}</h2>
      <div class="scrolled" tabindex="0" role="group" aria-labelledby="evaluate-rows"><table class="table">
        <thead><tr>
          <th scope="col">${words.contender}</th><th scope="col" class="figure">${words.score}</th><th scope="col">${words.bands}</th>
          ${metricNames(evaluation).map((name) => html`<th key=${name} scope="col" class="figure">${name}</th>`)}
        </tr></thead>
        <tbody>${evaluation.rows.map((row) => html`<${Row} key=${row.contender} row=${row} names=${metricNames(evaluation)} />`)}</tbody>
      </table></div>
      <${Differences} found=${evaluation.differences} />
      ${evaluation.human && html`<p><strong>${words.ceiling}</strong> ${evaluation.human.says}</p>`}
      ${evaluation.notes.map((note) => html`<p key=${note} class="muted">${note}</p>`)}
      ${!view.value.is_asked_known && html`<p class="problem">${words.notKnown}</p>`}
    </section>
    <${Spread} bins=${spread[which.value.who] ?? []} />
  </div>`;
}

/** Figures beside the score that every row has, the fields' own left to the report. */
function metricNames(evaluation) {
  const names = Object.keys(evaluation.rows[0]?.metrics ?? {});
  return names.filter((name) => !name.startsWith("field.") && !name.startsWith("micro_")).slice(0, 5);
}

function Row({ row, names }) {
  const isShown = row.contender === which.value.who;
  return html`<tr class=${isShown ? "is-chosen" : ""}>
    <th scope="row">
      <button type="button" class="link-button" aria-pressed=${isShown} onClick=${() => choose({ who: row.contender })}>${row.contender}</button>
    </th>
    <td class="figure">${measured(row.score)}</td>
    <td class="bands-cell"><${Bands} counts=${row.bands} /></td>
    ${names.map((name) => html`<td key=${name} class="figure">${row.metrics[name] ? score(row.metrics[name].value) : "–"}</td>`)}
  </tr>`;
}

/** How many answers are of each colour, as a bar and in words. @param {{counts: Record<string, number>}} props */
export function Bands({ counts }) {
  const total = BANDS.reduce((sum, band) => sum + (counts[band] ?? 0), 0);
  const told = BANDS.filter((band) => counts[band]).map((band) => `${words.band[band]} ${number(counts[band])}`);
  return html`<span class="bands" role="img" aria-label=${told.join(", ")} title=${told.join(", ")}>
    ${BANDS.map((band) => counts[band] && html`<span key=${band} class="band-${band}" style=${{ flexGrow: Math.max(counts[band], total * LEAST_SHARE) }}></span>`)}
  </span>`;
}

function Differences({ found }) {
  const names = Object.keys(found);
  if (!names.length) return null;
  return html`<dl class="differences" aria-label=${words.differences}>
    ${names.map((name) => html`<div key=${name}><dt>${name}</dt><dd class="figure">${measured(found[name], true)}</dd></div>`)}
  </dl>`;
}

function Spread({ bins }) {
  const sums = bins.map((one) => Object.values(one.bands).reduce((sum, count) => sum + count, 0));
  const most = Math.max(...sums, 1);
  const totals = Object.fromEntries(BANDS.map((band) => [band, bins.reduce((sum, one) => sum + (one.bands[band] ?? 0), 0)]));
  const told = bins.map((one, place) => sums[place] && words.bin(one.low.toFixed(2), number(sums[place]))).filter(Boolean);
  return html`<section class="card spread" aria-labelledby="evaluate-spread">
    <h2 id="evaluate-spread">${words.spread(which.value.who)}</h2>
    <div class="histogram" role="img" aria-label=${told.join(", ")}>
      ${bins.map((one, place) => html`<span key=${one.low} class="bin" title=${words.bin(one.low.toFixed(2), number(sums[place]))}>
        ${BANDS.map((band) => one.bands[band] && html`<span key=${band} class="band-${band}" style=${{ blockSize: `${(100 * one.bands[band]) / most}%` }}></span>`)}
      </span>`)}
    </div>
    <div class="histogram-axis muted" aria-hidden="true"><span>0</span><span>0.5</span><span>1</span></div>
    <div class="row" role="group" aria-label=${words.bands}>
      ${BANDS.map((band) => html`<button key=${band} type="button" class="band-filter" aria-pressed=${which.value.bands.includes(band)} onClick=${() => toggleBand(band)}>
        <span class="dot band-${band}" aria-hidden="true"></span>${words.band[band]} <span class="figure">${number(totals[band])}</span>
      </button>`)}
    </div>
  </section>`;
}
