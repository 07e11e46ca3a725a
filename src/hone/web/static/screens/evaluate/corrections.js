// Corrections into the training set, retrained, and what that did: three steps, one below the other.

import { html, useEffect } from "../../vendor/preact.js";
import { duration, number, score } from "../../lib/format.js";
import { linkTo } from "../../lib/route.js";
import { mayTrain } from "../../lib/session.js";
import { listenTo } from "../../lib/stream.js";
import { texts } from "../../texts.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Command, Empty, Failure, Meter, Waiting } from "../../ui/show.js";
import { applied, apply, beginLooking, broken, error, isBusy, measure, plan, planned, retrain, round, stop, stopLooking, underWay } from "./round.js";
import { measured } from "./summary.js";

const words = texts.corrections;
const DOLLARS = new Intl.NumberFormat("en", { style: "currency", currency: "USD" });
const MOST = 20;

export function Corrections() {
  useEffect(() => {
    beginLooking();
    // Also what others begin, or what ended while nobody asked.
    const stops = ["job", "resync"].map((type) => listenTo(type, beginLooking));
    return () => {
      stops.forEach((stop) => stop());
      stopLooking();
    };
  }, []);
  const one = round.value;
  return html`<div class="corrections">
    ${error.value && html`<${Failure} error=${error.value} onRetry=${beginLooking} />`}
    ${!one && !error.value && html`<${Waiting} lines=${6} />`}
    ${one && one.step === "correct" && !one.dataset && html`<${Empty} title=${words.none} text=${words.noneText} icon="edit" />`}
    ${one && (one.dataset || one.step !== "correct") && html`<${Build} one=${one} />`}
    ${one?.dataset && html`<${Retrain} one=${one} /><${Measure} one=${one} />`}
    ${planned.value && html`<${Confirm} />`}
  </div>`;
}

function Build({ one }) {
  const counts = Object.entries(one.waiting);
  return html`<section class="card" aria-label=${words.build}>
    <h2>${words.build}</h2>
    ${counts.length > 0 && html`<p>${words.waiting(counts.map(([name, count]) => `${number(count)} ${words.verdicts[name] ?? name}`).join(", "), one.source)}</p>
      <div class="row"><${Button} tone="primary" isDisabled=${!mayTrain.value || isBusy.value} onClick=${apply}>${words.apply}<//></div>`}
    ${one.dataset && html`<p role="status">${words.holds(one.dataset, number(one.corrections), one.before ?? "")}</p>`}
    ${applied.value?.dataset === one.dataset && html`<${Changed} found=${applied.value} />`}
  </section>`;
}

function Changed({ found }) {
  const moved = Object.entries(found.moved).map(([way, count]) => words.moved(number(count), way));
  const changes = [words.added(number(found.added)), words.removed(number(found.removed)), words.anew(number(found.rewritten)), ...moved];
  return html`<p>${words.changed} ${changes.join(", ")}.</p>
    <dl class="differences">${Object.entries(found.rows).map(([split, rows]) => html`<div key=${split}><dt>${split}</dt><dd class="figure">${number(rows)}</dd></div>`)}</dl>
    ${found.left_out.length > 0 && html`<details><summary>${words.leftOut(number(found.left_out.length))}</summary><ul class="link-rows">
      ${found.left_out.slice(0, MOST).map((left) => html`<li key=${left.id}><code>${left.id}</code> ${left.why}</li>`)}
      ${found.left_out.length > MOST && html`<li class="muted">${texts.evaluate.more(number(found.left_out.length - MOST))}</li>`}
    </ul></details>`}
    ${found.notes.map((note) => html`<p key=${note} class="muted">${note}</p>`)}`;
}

function Retrain({ one }) {
  const running = underWay().filter((work) => one.trainings.some((other) => other.job === work.job));
  const failed = one.step === "retrain" && broken();
  return html`<section class="card" aria-label=${words.retrain}>
    <h2>${words.retrain}</h2>
    ${one.after && html`<p role="status">${words.trained(one.after, one.dataset)}${one.control && ` ${one.control === one.before ? words.isControl(one.control) : words.control(one.control)}`}</p>`}
    ${running.map((work) => html`<${Work} key=${work.job} work=${work} />`)}
    ${failed && html`<${Failure} error=${{ message: failed.error || words.ended(failed.model, failed.state), hint: failed.hint }} />`}
    ${one.step === "retrain" && !running.length && (one.by_command
      ? html`<p>${words.byCommand}</p><${Command} text=${one.by_command} />`
      : html`<p class="muted">${words.retrainAbout(one.before ?? "")}</p>
        <div class="row"><${Button} tone="primary" isDisabled=${!mayTrain.value || isBusy.value} onClick=${plan}>${words.retrainNow}<//></div>`)}
  </section>`;
}

function Work({ work, label = work.is_control ? words.trainsControl(work.model) : words.trains(work.model) }) {
  const left = work.eta_seconds > 1 ? ` · ${texts.evaluate.quickLeft(duration(work.eta_seconds))}` : "";
  return html`<div class="round-work">
    <div class="row"><p class="quick-state" role="status">${label}</p><${Button} onClick=${stop} isDisabled=${isBusy.value || !mayTrain.value}>${texts.evaluate.stop}<//></div>
    <${Meter} value=${work.done} most=${work.total ?? 0} label=${label} />
    <p class="muted figure">${work.total ? words.steps(number(work.done), number(work.total)) + left : work.says}</p>
  </div>`;
}

function Confirm() {
  const close = () => (planned.value = null);
  const { trainings, control, price_usd } = planned.value;
  const missing = trainings.flatMap((one) => one.missing);
  const price = price_usd > 0 ? words.costs(DOLLARS.format(price_usd)) : words.costsNothing;
  const footer = html`<${Button} onClick=${close}>${texts.cancel}<//><${Button} tone="primary" isDisabled=${missing.length > 0} onClick=${retrain}>${words.confirm}<//>`;
  return html`<${Dialog} title=${words.confirmTitle} onClose=${close} isWide footer=${footer}>
    <p>${words.like(trainings[0].like)}</p>
    <div class="scrolled" tabindex="0" role="group" aria-label=${words.plan}><table class="table">
      <thead><tr>${words.planColumns.map((name) => html`<th key=${name} scope="col">${name}</th>`)}</tr></thead>
      <tbody>${trainings.map((one) => html`<tr key=${one.dataset}>
        <th scope="row">${one.model}${one.is_control && ` (${words.controlWord})`}</th><td>${one.dataset}</td><td>${one.on}</td>
        <td class="figure">${number(one.rows)}</td><td class="figure">${number(one.steps)}</td>
        <td class="figure">${words.range(duration(one.seconds[0]), duration(one.seconds[1]))}</td>
        <td class="figure">${words.gib(one.memory_gib[0].toFixed(1), one.memory_gib[1].toFixed(1), one.verdict)}</td></tr>`)}</tbody>
    </table></div>
    <p>${price}</p>
    ${control && html`<p class="muted">${words.isControl(control)}</p>`}
    ${missing.map((why) => html`<p key=${why} class="problem">${why}</p>`)}
    ${trainings.flatMap((one) => one.notes).map((note) => html`<p key=${note} class="muted">${note}</p>`)}
  <//>`;
}

function Measure({ one }) {
  if (one.step === "retrain") return null;
  const running = underWay().find((work) => work.job === one.answering?.job);
  const failed = one.step === "measure" && broken();
  return html`<section class="card" aria-label=${words.effect}>
    <h2>${words.effect}</h2>
    ${running && html`<${Work} work=${running} label=${words.asked(running.dataset)} />`}
    ${failed && html`<${Failure} error=${{ message: failed.error || words.ended(failed.model, failed.state), hint: failed.hint }} />`}
    ${one.step === "measure" && !running && html`<p class="muted">${words.measureAbout}</p>
      <div class="row"><${Button} tone="primary" isDisabled=${!mayTrain.value || isBusy.value} onClick=${measure}>${words.measureNow}<//></div>`}
    ${one.report && html`<${Report} found=${one.report} file=${one.report_file} />`}
  </section>`;
}

function Report({ found, file }) {
  const rows = [
    [words.rows.examples, (column) => number(column.examples)],
    [words.rows.before(found.before), (column) => measured(column.before)],
    [words.rows.control(found.control ?? "–"), (column) => measured(column.control)],
    [words.rows.after(found.model), (column) => measured(column.after)],
    [words.rows.gained, (column) => measured(column.gained, true)],
    [words.rows.due, (column) => measured(column.due, true)],
  ];
  return html`<ul class="flag-says">${found.says.map((text) => html`<li key=${text}>${text}</li>`)}</ul>
    <div class="scrolled" tabindex="0" role="group" aria-label=${words.effect}><table class="table efficacy">
      <thead><tr><th scope="col">${words.meanOf(found.score)}</th>${found.columns.map((column) => html`<th key=${column.name} scope="col" class="figure" title=${column.means}>${words.columns[column.name]}</th>`)}</tr></thead>
      <tbody>${rows.map(([name, figure]) => html`<tr key=${name}><th scope="row">${name}</th>${found.columns.map((column) => html`<td key=${column.name} class="figure">${figure(column)}</td>`)}</tr>`)}</tbody>
    </table></div>
    <p>${Object.entries(found.states).map(([name, count]) => `${number(count)} ${words.states[name]}`).join(", ")}.</p>
    <${Lines} title=${words.stuck} task=${found.task} lines=${found.corrections.filter((one) => one.state === "stuck" || one.state === "broken")} />
    <${Lines} title=${words.newlyBroken} task=${found.task} lines=${found.newly_broken} />
    ${found.notes.map((note) => html`<p key=${note} class="muted">${note}</p>`)}
    <p class="muted">${words.written} <code>${file}</code></p>`;
}

function Lines({ title, task, lines }) {
  if (!lines.length) return null;
  return html`<details><summary>${title} (${number(lines.length)})</summary><ul class="link-rows ids">
    ${lines.slice(0, MOST).map((one) => html`<li key=${one.id}><a href=${linkTo("review", { task, status: "all", at: one.id })}>${one.id}</a> ${score(one.before)} → ${score(one.after)}</li>`)}
    ${lines.length > MOST && html`<li class="muted">${texts.evaluate.more(number(lines.length - MOST))}</li>`}
  </ul></details>`;
}
