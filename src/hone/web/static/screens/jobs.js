// Jobs: what trains, answers or was done; its stages, figures and log; stop and go on.

import { html, useEffect } from "../vendor/preact.js";
import { duration, moment, number } from "../lib/format.js";
import { useKeys } from "../lib/keys.js";
import { linkTo, route } from "../lib/route.js";
import { mayTrain } from "../lib/session.js";
import { listenTo } from "../lib/stream.js";
import { texts } from "../texts.js";
import { Button } from "../ui/button.js";
import { Command, Empty, Failure, Meter, Waiting } from "../ui/show.js";
import { figure, Lines } from "./jobs/lines.js";
import { choose, error, isBusy, isUnderWay, job, jobs, log, look, mayGoOn, resume, step, stop, stopLooking } from "./jobs/watched.js";

const words = texts.jobs;
const TONES = { succeeded: "status-accepted", failed: "status-rejected", lost: "status-rejected", running: "status-edited" };
/** Figures that are drawn, those that share a scale together; what else was measured comes after. */
const DRAWN = [["loss", "eval_loss"], ["learning_rate"], ["grad_norm"], ["tokens_per_second"]];
const LEFT_OUT = ["train_loss", "memory_gib"];

export default function Jobs() {
  useEffect(() => {
    look(route.value.params.get("id") ?? "");
    const stops = ["job", "resync"].map((type) => listenTo(type, () => look()));
    return () => [...stops, stopLooking].forEach((end) => end());
  }, [route.value]);
  useKeys({
    previous: { run: () => step(-1), label: words.previous },
    next: { run: () => step(1), label: words.next },
  });
  return html`<div class="page jobs">
    <header class="page-head"><h1>${texts.screens.jobs}</h1></header>
    ${error.value && html`<${Failure} error=${error.value} onRetry=${() => look()} />`}
    ${!jobs.value && !error.value && html`<${Waiting} lines=${8} />`}
    ${jobs.value && !jobs.value.length && html`<${Empty} title=${words.none} text=${words.noneText} icon="jobs"><${Command} text="hone train RECIPE --plan" /><//>`}
    ${jobs.value?.length > 0 && html`<div class="jobs-columns"><${List} />${job.value && html`<${Watched} one=${job.value} />`}</div>`}
  </div>`;
}

const State = ({ one }) => html`<span class="pill ${TONES[one.state] ?? "status-pending"}">${words.states[one.state] ?? one.state}</span>`;

const List = () => html`<nav class="card job-list" aria-label=${texts.screens.jobs} tabindex="0"><ol>
  ${jobs.value.map((one) => html`<li key=${one.id}>
    <button type="button" class="job-row" aria-current=${one.id === job.value?.id ? "true" : undefined} onClick=${() => choose(one.id)}>
      <span class="job-about">${one.about}</span><${State} one=${one} />
      <span class="muted job-facts">${[moment(one.created_at), one.target, isUnderWay(one) && one.eta_seconds > 1 && texts.evaluate.quickLeft(duration(one.eta_seconds))].filter(Boolean).join(" · ")}</span>
    </button></li>`)}
</ol></nav>`;

function Watched({ one }) {
  return html`<div class="job-watched" key=${one.id}>
    <section class="card" aria-label=${words.watched}>
      <div class="row job-head"><h2>${one.about}</h2><${State} one=${one} /></div>
      ${isUnderWay(one) && html`<${Progress} one=${one} />`}
      ${one.error && html`<${Failure} error=${{ message: one.error, hint: one.hint }} />`}
      ${one.trouble && html`<p class="problem">${one.trouble}</p>`}
      ${one.watchdogs.map((found, place) => html`<p key=${place} class="problem">${found.text}</p>`)}
      <div class="row">
        ${isUnderWay(one) && html`<${Button} isDisabled=${!mayTrain.value || isBusy.value} onClick=${stop} title=${words.stopTitle}>${texts.evaluate.stop}<//>`}
        ${mayGoOn(one) && html`<${Button} tone="primary" isDisabled=${!mayTrain.value || isBusy.value} onClick=${resume}>${words.resume}<//>`}
        ${one.model && html`<a class="button" href=${linkTo("models", { ref: one.model })}>${one.model}</a>`}
      </div>
      <dl class="differences">${facts(one).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd class="figure">${value}</dd></div>`)}</dl>
      ${Object.keys(one.metrics).length > 0 && html`<h3>${words.final}</h3>
        <dl class="differences">${Object.entries(one.metrics).map(([name, value]) => html`<div key=${name}><dt>${words.names[name] ?? name}</dt><dd class="figure">${figure(value)}</dd></div>`)}</dl>`}
      ${one.stages.length > 0 && html`<ol class="job-stages" aria-label=${words.stages}>${one.stages.map((stage) => html`<li key=${stage.name + stage.began_at} class=${stage.ended_at ? "" : "is-now"}>${stage.name} <span class="muted figure">${stage.ended_at ? duration((Date.parse(stage.ended_at) - Date.parse(stage.began_at)) / 1000) : words.now}</span></li>`)}</ol>`}
      ${one.moves.map((why) => html`<p key=${why} class="muted">${words.moved(why)}</p>`)}
    </section>
    <${Figures} series=${one.series} />
    ${one.said.length > 0 && html`<section class="card" aria-label=${words.said}><h2>${words.said}</h2><ul class="job-said">${one.said.map((text, place) => html`<li key=${place} dir="auto">${text}</li>`)}</ul></section>`}
    <section class="card" aria-label=${words.log}><h2>${words.log}</h2>
      ${log.value.length ? html`<pre class="job-log" tabindex="0" aria-label=${words.log}>${log.value.join("\n")}</pre>` : html`<p class="muted">${words.noLog}</p>`}
    </section>
  </div>`;
}

function Progress({ one }) {
  const left = one.eta_seconds > 1 ? ` · ${texts.evaluate.quickLeft(duration(one.eta_seconds))}` : "";
  const isSpoken = one.says === words.stands.submitting; // the step before the queue says so itself
  const stands = one.kind !== "train" ? "" : isSpoken ? one.says : words.stands[one.state];
  const says = one.says === stands ? "" : one.says;
  return html`${stands && html`<p role="status"><strong>${stands}</strong></p>`}
    <${Meter} value=${one.done ?? 0} most=${one.total ?? 0} label=${one.about} />
    <p class="figure" role="status">${one.total ? words.steps(number(one.done), number(one.total)) + left : says || (stands ? "" : words.waits)}</p>
    ${one.total && says && html`<p class="muted">${says}</p>`}`;
}

function facts(one) {
  const cost = one.cost_usd > 0 && words.dollars(one.cost_usd.toFixed(2), one.billed_usd === one.cost_usd);
  return [
    [words.facts.id, one.id], [words.facts.target, one.target], [words.facts.made, moment(one.created_at)],
    [words.facts.attempts, one.attempts > 1 && number(one.attempts)], [words.facts.rented, one.rented], [words.facts.cost, cost],
    [words.facts.took, one.runtime_seconds !== null && duration(one.runtime_seconds)],
  ].filter(([, value]) => value);
}

function Figures({ series }) {
  const known = DRAWN.flat();
  const others = Object.keys(series).filter((name) => !known.includes(name) && !LEFT_OUT.includes(name)).sort();
  const drawn = [...DRAWN, ...others.map((name) => [name])]
    .map((names) => names.filter((name) => series[name]?.length).map((name) => ({ name, points: series[name] })))
    .filter((lines) => lines.length);
  if (!drawn.length) return null;
  return html`<section class="card" aria-label=${words.figures}><h2>${words.figures}</h2>
    <div class="job-figures">${drawn.map((lines) => html`<${Lines} key=${lines[0].name} title=${words.names[lines[0].name] ?? lines[0].name} lines=${lines} />`)}</div>
  </section>`;
}
