// How the score moved from version to version: points with their intervals.

import { html } from "../../vendor/preact.js";
import { texts } from "../../texts.js";
import { measured } from "../evaluate/summary.js";

const WIDTH = 480;
const HEIGHT = 150;
const LEFT = 34;
const EDGE = 16;

/** @param {{versions: any[], chosen: string, onChosen: (ref: string) => void}} props */
export function Chart({ versions, chosen, onChosen }) {
  const scored = versions.filter((one) => one.score);
  if (scored.length < 2) return null;
  const x = (/** @type {number} */ place) => LEFT + EDGE + (place * (WIDTH - LEFT - 2 * EDGE)) / Math.max(versions.length - 1, 1);
  const y = (/** @type {number} */ value) => HEIGHT - EDGE - value * (HEIGHT - 2 * EDGE);
  const at = (/** @type {any} */ one) => x(versions.indexOf(one));
  const told = scored.map((one) => `${one.ref} ${measured(one.score)}`).join(", ");
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${texts.models.scores}: ${told}">
    ${[0, 0.5, 1].map((value) => html`<g key=${value}>
      <line class="chart-grid" x1=${LEFT} x2=${WIDTH} y1=${y(value)} y2=${y(value)} />
      <text class="chart-label" x=${LEFT - 8} y=${y(value) + 4} text-anchor="end">${value}</text>
    </g>`)}
    <polyline class="chart-line" points=${scored.map((one) => `${at(one)},${y(one.score.value)}`).join(" ")} />
    ${scored.map((one) => html`<g key=${one.ref} class=${one.ref === chosen ? "chart-point is-chosen" : "chart-point"} onClick=${() => onChosen(one.ref)}>
      ${typeof one.score.low === "number" && html`<line class="chart-interval" x1=${at(one)} x2=${at(one)} y1=${y(one.score.low)} y2=${y(one.score.high)} />`}
      <circle cx=${at(one)} cy=${y(one.score.value)} r=${one.is_active ? 7 : 5} />
      <text class="chart-label" x=${at(one)} y=${HEIGHT - 1} text-anchor="middle">${one.ref.split("@")[1]}</text>
    </g>`)}
  </svg>`;
}
