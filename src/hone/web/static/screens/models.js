// Models: every version, how its score moved, where it comes from, and which one answers.

import { html, signal, useEffect } from "../vendor/preact.js";
import { get } from "../lib/api.js";
import { duration, moment } from "../lib/format.js";
import { rewrite, route } from "../lib/route.js";
import { listenTo } from "../lib/stream.js";
import { texts } from "../texts.js";
import { Command, Empty, Failure, Waiting } from "../ui/show.js";
import { measured } from "./evaluate/summary.js";
import { Chart } from "./models/chart.js";
import { Version } from "./models/version.js";

const words = texts.models;
const models = signal(/** @type {any[]|null} */ (null));
const error = signal(/** @type {any} */ (null));
const ref = signal("");

async function look() {
  try {
    models.value = await get("/models");
    error.value = null;
    const wanted = route.value.params.get("ref") ?? ref.value;
    const found = models.value.find((one) => one.ref === wanted) ?? models.value.find((one) => one.is_active) ?? models.value.at(-1);
    ref.value = found?.ref ?? "";
  } catch (failed) {
    error.value = failed;
  }
}

/** @param {string} name */
function choose(name) {
  ref.value = name;
  rewrite("models", { ref: name });
}

export default function Models() {
  useEffect(() => {
    look();
    const stops = ["job", "resync"].map((type) => listenTo(type, look));
    return () => stops.forEach((stop) => stop());
  }, [route.value]);
  const names = [...new Set((models.value ?? []).map((one) => nameOf(one.ref)))];
  return html`<div class="page models">
    <header class="page-head"><h1>${texts.screens.models}</h1></header>
    ${error.value && html`<${Failure} error=${error.value} onRetry=${look} />`}
    ${!models.value && !error.value && html`<${Waiting} lines=${8} />`}
    ${models.value && !models.value.length && html`<${Empty} title=${words.none} text=${words.noneText} icon="models">
      <${Command} text="hone train RECIPE --confirm-run" />
    <//>`}
    ${names.length > 0 && html`<div class="models-columns">
      <div class="models-names">${names.map((name) => html`<${Family} key=${name} name=${name} />`)}</div>
      ${ref.value && html`<${Version} key=${ref.value} reference=${ref.value} known=${models.value} onChanged=${look} onChosen=${choose} />`}
    </div>`}
  </div>`;
}

/** @param {string} text */
const nameOf = (text) => text.split("@")[0];

/** All versions of a name, the newest first. */
function Family({ name }) {
  const versions = models.value.filter((one) => nameOf(one.ref) === name);
  return html`<section class="card" aria-labelledby="models-${name}">
    <h2 id="models-${name}">${name}</h2>
    <${Chart} versions=${versions} chosen=${ref.value} onChosen=${choose} />
    <ul class="version-rows" aria-label=${words.versions(name)}>
      ${[...versions].reverse().map((one) => html`<li key=${one.ref}>
        <button type="button" class="version-row" aria-current=${one.ref === ref.value ? "true" : undefined} onClick=${() => choose(one.ref)}>
          <span class="version-name">${one.ref.split("@")[1]}</span>
          ${one.is_active && html`<span class="pill status-accepted">${words.active}</span>`}
          <span class="figure version-score">${measured(one.score)}</span>
          <span class="muted version-facts">${[one.method, one.kind, one.dataset, one.runtime_seconds && duration(one.runtime_seconds), moment(one.registered_at)].filter(Boolean).join(" · ")}</span>
        </button>
      </li>`)}
    </ul>
  </section>`;
}
