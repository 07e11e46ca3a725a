// Home: where the loop stands and what to do next.

import { html, signal, useEffect } from "../vendor/preact.js";
import { get } from "../lib/api.js";
import { number, score } from "../lib/format.js";
import { linkTo } from "../lib/route.js";
import { session } from "../lib/session.js";
import { listenTo } from "../lib/stream.js";
import { texts } from "../texts.js";
import { Icon } from "../ui/icon.js";
import { Command, Failure, Meter, Waiting } from "../ui/show.js";

const found = signal(/** @type {any} */ (null));
const error = signal(/** @type {any} */ (null));

async function look() {
  try {
    found.value = await get("/home");
    error.value = null;
  } catch (failed) {
    error.value = failed;
  }
}

export default function Home() {
  useEffect(() => {
    look();
    const stops = ["reviews", "import", "job", "resync"].map((type) => listenTo(type, look));
    return () => stops.forEach((stop) => stop());
  }, []);
  return html`<div class="page home">
    <header class="page-head">
      <h1>${texts.home.title(session.value.workspace?.name)}</h1>
      <p class="muted">${session.value.workspace?.path}</p>
    </header>
    ${error.value && html`<${Failure} error=${error.value} onRetry=${look} />`}
    ${!found.value && !error.value && html`<${Waiting} lines=${8} />`}
    ${found.value && html`<${Loop} home=${found.value} /><${Next} steps=${found.value.next} /><${Have} home=${found.value} />`}
  </div>`;
}

/** The loop as five stations, each with what is there. */
function Loop({ home }) {
  const { statistics, datasets, models, jobs } = home;
  const reviewed = statistics.total - statistics.pending;
  const trained = models.length;
  const scored = models.filter((one) => one.score).length;
  const words = texts.home.loop;
  const stations = [
    { name: words.import, value: number(home.examples), text: words.examples, link: linkTo("import"), isDone: home.examples > 0 },
    { name: words.review, value: number(reviewed), text: words.pending(number(statistics.pending)), link: linkTo("review"), isDone: reviewed > 0 && !statistics.pending },
    { name: words.prepare, value: number(datasets.length), text: words.datasets, isDone: datasets.length > 0 },
    { name: words.train, value: number(trained), text: words.models(jobs.filter((one) => one.state === "running").length), link: linkTo("models"), isDone: trained > 0 },
    { name: words.evaluate, value: number(scored), text: words.scored, link: linkTo("evaluate"), isDone: scored > 0 },
  ];
  const now = stations.findIndex((one) => !one.isDone);
  return html`<section class="card loop" aria-label=${words.title}>
    <ol class="stations">
      ${stations.map(
        (one, place) => html`<li key=${one.name} class=${one.isDone ? "is-done" : place === now ? "is-now" : ""}>
          <span class="station-dot" aria-hidden="true">${one.isDone ? html`<${Icon} name="accept" size=${14} />` : place + 1}</span>
          <span class="station-name">${one.link ? html`<a href=${one.link}>${one.name}</a>` : one.name}</span>
          <span class="station-value">${one.value}</span>
          <span class="muted">${one.text}</span>
        </li>`,
      )}
    </ol>
    <div class="loop-progress">
      <span>${statistics.sentence}</span>
      <${Meter} value=${reviewed} most=${statistics.total} label=${texts.review.progressLabel} />
    </div>
  </section>`;
}

function Next({ steps }) {
  if (!steps.length) return null;
  return html`<section aria-labelledby="home-next">
    <h2 id="home-next">${texts.home.next}</h2>
    <ol class="steps">
      ${steps.map(
        (step, place) => html`<li key=${step.title} class=${place === 0 ? "card step is-first" : "card step"}>
          <h3>${step.title}</h3>
          <p>${step.text}</p>
          ${step.link && html`<a class=${place === 0 ? "button tone-primary" : "button"} href=${step.link}>${texts.home.open(texts.screens[step.link.match(/\w+/)[0]])}</a>`}
          ${step.command && html`<${Command} text=${step.command} />`}
        </li>`,
      )}
    </ol>
  </section>`;
}

function Have({ home }) {
  const words = texts.home;
  return html`<div class="home-columns">
    <${Part} title=${words.datasets} none=${words.noDatasets} rows=${home.datasets.map((one) => ({
      key: one.ref, name: one.ref, text: words.rows(number(one.rows)),
    }))} />
    <${Part} title=${words.models} none=${words.noModels} rows=${home.models.map((one) => ({
      key: one.ref, name: one.ref, mark: one.is_active && words.active, text: measured(one.score),
    }))} />
    <${Part} title=${words.jobs} none=${words.noJobs} rows=${home.jobs.map((one) => ({
      key: one.id, name: one.title || one.id, mark: texts.jobState(one.state), text: one.kind,
    }))} />
  </div>`;
}

/** A score with its interval, where it was measured. */
function measured(value) {
  if (value === null || value === undefined) return texts.home.notScored;
  if (typeof value === "number") return score(value);
  const range = typeof value.low === "number" ? ` (${score(value.low)} – ${score(value.high)})` : "";
  return score(value.value) + range;
}

function Part({ title, none, rows }) {
  return html`<section class="card part">
    <h2>${title}</h2>
    ${!rows.length && html`<p class="muted">${none}</p>`}
    <ul>
      ${rows.map(
        (one) => html`<li key=${one.key}>
          <span class="part-name">${one.name}</span>
          ${one.mark && html`<span class="pill">${one.mark}</span>`}
          <span class="muted figure">${one.text}</span>
        </li>`,
      )}
    </ul>
  </section>`;
}
