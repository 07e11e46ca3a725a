// A figure over the steps of a training: one line, or two that share a scale.

import { html } from "../../vendor/preact.js";
import { number } from "../../lib/format.js";
import { texts } from "../../texts.js";

const WIDTH = 420;
const HEIGHT = 132;
const LEFT = 56;
const EDGE = 10;
const BELOW = 18;

/** @param {number} value */
export function figure(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1000) return number(Math.round(value));
  return size >= 0.001 ? String(Number(value.toPrecision(4))) : value.toExponential(1);
}

/**
 * @param {{title: string, lines: Array<{name: string, points: Array<[number, number]>}>}} props
 */
export function Lines({ title, lines }) {
  const all = lines.flatMap((one) => one.points);
  if (!all.length) return null;
  const [low, high] = span(all.map(([, value]) => value));
  const [first, last] = [Math.min(...all.map(([at]) => at)), Math.max(...all.map(([at]) => at))];
  const x = (/** @type {number} */ at) => LEFT + ((at - first) * (WIDTH - LEFT - EDGE)) / Math.max(last - first, 1);
  const y = (/** @type {number} */ value) => HEIGHT - BELOW - ((value - low) * (HEIGHT - BELOW - EDGE)) / (high - low);
  const told = lines.map((one) => texts.jobs.told(one.name, figure(one.points[0][1]), figure(one.points.at(-1)?.[1] ?? 0))).join("; ");
  return html`<figure class="lines">
    <figcaption>${title} ${lines.map((one, place) => html`<span key=${one.name} class="figure lines-now lines-${place}">${lines.length > 1 && `${one.name} `}${figure(one.points.at(-1)?.[1] ?? 0)}</span>`)}</figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}: ${told}">
      ${[low, (low + high) / 2, high].map((value) => html`<g key=${value}>
        <line class="chart-grid" x1=${LEFT} x2=${WIDTH} y1=${y(value)} y2=${y(value)} />
        <text class="chart-label" x=${LEFT - 6} y=${y(value) + 4} text-anchor="end">${figure(value)}</text>
      </g>`)}
      <text class="chart-label" x=${LEFT} y=${HEIGHT - 2}>${number(first)}</text>
      <text class="chart-label" x=${WIDTH - EDGE} y=${HEIGHT - 2} text-anchor="end">${number(last)}</text>
      ${lines.map((one, place) => one.points.length > 1
        ? html`<polyline key=${one.name} class="lines-line lines-${place}" points=${one.points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ")} />`
        : html`<circle key=${one.name} class="lines-dot lines-${place}" cx=${x(one.points[0][0])} cy=${y(one.points[0][1])} r="3" />`)}
    </svg>
  </figure>`;
}

/** The least and the most, never the same. @param {number[]} values */
function span(values) {
  let low = values[0];
  let high = values[0];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const room = high > low ? 0 : Math.abs(high) || 1;
  return [low - room / 2, high + room / 2];
}
