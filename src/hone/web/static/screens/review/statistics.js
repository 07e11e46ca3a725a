// How the review stands: by status, by person, by day, and how steady each person is.

import { html } from "../../vendor/preact.js";
import { day, number, percent } from "../../lib/format.js";
import { queued } from "../../lib/outbox.js";
import { texts } from "../../texts.js";
import { Failure, Status, Waiting } from "../../ui/show.js";
import { Audited } from "./audited.js";
import { counters, filter } from "./examples.js";
import { useLookup } from "./lookup.js";

const SHOWN_DAYS = 14;

export function Statistics({ task }) {
  const path = `/reviews/statistics?task=${encodeURIComponent(filter.value.task)}`;
  // Also when the last decision has been taken in: what was asked before did not count it.
  const { found, error } = useLookup(path, `${JSON.stringify(counters.value)} ${queued.value.length}`);
  if (error) return html`<${Failure} error=${error} />`;
  return html`<div class="panel-parts">
    ${task?.kind === "extract" && html`<${Audited} />`}
    <${Statuses} kind=${task?.kind} />
    ${!found && html`<${Waiting} lines=${6} />`}
    ${found && html`<${People} found=${found} kind=${task?.kind} /><${Steadiness} rows=${found.consistency} />
      <${Days} rows=${found.by_day} />`}
  </div>`;
}

function Statuses({ kind }) {
  const total = Object.values(counters.value).reduce((sum, one) => sum + one, 0);
  return html`<table class="table">
    <caption>${texts.statistics.byStatus}</caption>
    <tbody>
      ${Object.entries(counters.value).map(
        ([status, count]) => html`<tr key=${status}>
          <th scope="row"><${Status} status=${status} kind=${kind} /></th>
          <td class="figure">${number(count)}</td>
          <td class="figure muted">${percent(total ? count / total : 0)}</td>
        </tr>`,
      )}
    </tbody>
  </table>`;
}

function People({ found, kind }) {
  const names = Object.keys(found.by_reviewer);
  if (!names.length) return null;
  const sum = (name) => Object.values(found.by_reviewer[name]).reduce((all, one) => all + one, 0);
  return html`<table class="table">
    <caption>${texts.statistics.byReviewer}</caption>
    <tbody>
      ${names.map(
        (name) => html`<tr key=${name}>
          <th scope="row">${name}</th>
          <td class="figure">${number(sum(name))}</td>
          <td class="muted">
            ${Object.entries(found.by_reviewer[name]).map(([status, count]) => `${number(count)} ${texts.status(status, kind).toLowerCase()}`).join(", ")}
          </td>
        </tr>`,
      )}
    </tbody>
  </table>`;
}

function Steadiness({ rows }) {
  const names = Object.keys(rows ?? {});
  if (!names.length) return null;
  return html`<table class="table">
    <caption>${texts.statistics.consistency}</caption>
    <tbody>
      ${names.map(
        (name) => html`<tr key=${name}>
          <th scope="row">${name}</th>
          <td class="figure">${percent(rows[name].share)}</td>
          <td class="muted">${texts.statistics.steady(rows[name], percent)}</td>
        </tr>`,
      )}
    </tbody>
  </table>`;
}

function Days({ rows }) {
  const shown = (rows ?? []).slice(-SHOWN_DAYS);
  if (!shown.length) return null;
  const most = Math.max(...shown.map((one) => one.decisions), 1);
  return html`<table class="table">
    <caption>${texts.statistics.byDay}</caption>
    <tbody>
      ${shown.map(
        (one) => html`<tr key=${one.day}>
          <th scope="row">${day(one.day)}</th>
          <td class="figure">${number(one.decisions)}</td>
          <td class="bar-cell"><div class="bar" style=${{ transform: `scaleX(${one.decisions / most})` }}></div></td>
        </tr>`,
      )}
    </tbody>
  </table>`;
}
