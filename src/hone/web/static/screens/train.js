// Train: what is trained on what, how and where; a plan with memory, time and price; then the start.

import { html, useEffect, useRef } from "../vendor/preact.js";
import { number } from "../lib/format.js";
import { route } from "../lib/route.js";
import { mayTrain } from "../lib/session.js";
import { texts } from "../texts.js";
import { Button } from "../ui/button.js";
import { Field, Select } from "../ui/field.js";
import { Command, Empty, Failure, Waiting } from "../ui/show.js";
import { ask, begin, begun, change, check, checks, dataset, doesFit, error, isBusy, isSubmitting, look, menu, method, plan, problems, recipe, top } from "./train/form.js";
import { Base } from "./train/base.js";
import { Data } from "./train/data.js";
import { Options } from "./train/options.js";
import { Plan } from "./train/plan.js";

const words = texts.train;

export default function Train() {
  useEffect(() => {
    look(route.value.params.get("like") ?? "");
  }, [route.value]);
  return html`<div class="page train">
    <header class="page-head"><h1>${texts.screens.train}</h1></header>
    ${!menu.value && !error.value && html`<${Waiting} lines=${8} />`}
    ${menu.value && !menu.value.datasets.length && html`<${Empty} title=${words.noDataset} text=${words.noDatasetText} icon="train"><${Command} text="hone datasets build NAME" /><//><${Data} />`}
    ${menu.value?.datasets.length > 0 && method.value && html`<${Data} /><${What} /><${Methods} /><${Options} /><${Targets} />
      <${Plan} />
      <${Refused} />
      <div class="row train-actions">
        <${Button} tone="primary" isDisabled=${!mayTrain.value || isBusy.value || !doesFit.value || !dataset.value} onClick=${ask}>${words.start}<//>
        <${Button} isDisabled=${!mayTrain.value || isBusy.value || !doesFit.value || !dataset.value} onClick=${plan}>${words.planNow}<//>
        <${Button} isQuiet icon="download" onClick=${save}>${words.exportConfig}<//>
        <span role="status">${isSubmitting.value ? words.submitting : ""}</span>
      </div>
      ${!mayTrain.value && html`<p class="muted">${words.mayNot}</p>`}`}
    ${!menu.value && error.value && html`<${Failure} error=${error.value} onRetry=${() => look()} />`}
  </div>`;
}

/** Why it did not begin; brought into view, since whoever clicked may stand far above it. */
function Refused() {
  const place = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(() => {
    if (error.value) place.current?.scrollIntoView({ block: "center" });
  }, [error.value]);
  return html`<div ref=${place}>
    ${error.value && html`<${Failure} error=${error.value} />`}
    ${problems.value.length > 0 && html`<ul class="problems">${problems.value.map((one) => html`<li key=${one} class="problem">${one}</li>`)}</ul>`}
  </div>`;
}

function What() {
  const { datasets, recipes } = menu.value;
  const names = recipes.map((one) => [one.name, one.is_version ? words.like(one.name) : `${one.name}: ${one.about}`]);
  return html`<section class="card" aria-label=${words.what1}>
    <h2>${words.what1}</h2>
    <div class="option-grid">
      <${Select} label=${words.from} value=${begun.value} options=${[["", words.fromNothing], ...names]} onChange=${(name) => name && begin(name)} />
      <${Select} label=${words.dataset} value=${dataset.value?.name ?? ""} options=${[...(dataset.value ? [] : [["", words.none]]), ...(dataset.value && dataset.value.rows === null ? [[dataset.value.name, words.datasetOlder(dataset.value.ref, dataset.value.format)]] : []), ...datasets.map((one) => [one.name, words.datasetLine(one.ref, number(one.rows), one.format)])]} onChange=${(name) => change({ dataset: name })} />
      <${Base} />
      <${Field} label=${words.name} hint=${words.nameHint}>${(id, about) => html`<input type="text" id=${id} aria-describedby=${about} value=${top.value.name ?? ""} placeholder=${dataset.value?.name.split("@")[0] ?? ""} autocomplete="off" spellcheck="false" onChange=${(event) => change({ name: event.target.value.trim() })} />`}<//>
    </div>
  </section>`;
}

function Methods() {
  return html`<section class="card" aria-label=${words.method}>
    <h2>${words.method}</h2>
    <div class="choice-cards" role="radiogroup" aria-label=${words.method}>${menu.value.methods.map((one) => {
      const fits = !dataset.value || one.formats.includes(dataset.value.format);
      return html`<label key=${one.name} class=${fits ? "choice-card" : "choice-card is-unfit"}>
        <input type="radio" name="method" checked=${method.value.name === one.name} onChange=${() => change({ method: one.name })} />
        <strong>${one.name}</strong><span>${one.about}</span>
        <span class="muted">${fits ? "" : words.needs(one.formats.join(", "))}</span>
      </label>`;
    })}</div>
    ${!doesFit.value && html`<p class="problem">${words.unfit(method.value.name, method.value.formats.join(", "), dataset.value.ref, dataset.value.format)}</p>`}
    ${method.value.limits.length > 0 && html`<details><summary>${words.limits}</summary><ul class="link-rows">${method.value.limits.map((one) => html`<li key=${one}>${one}</li>`)}</ul></details>`}
  </section>`;
}

function Targets() {
  const on = top.value.on ?? "local";
  return html`<section class="card" aria-label=${words.where}>
    <h2>${words.where}</h2>
    <div class="choice-cards" role="radiogroup" aria-label=${words.where}>${menu.value.targets.map((one) => html`<label key=${one.name} class=${one.is_set ? "choice-card" : "choice-card is-unfit"}>
      <input type="radio" name="target" checked=${on === one.name} onChange=${() => change({ on: one.name })} />
      <strong>${one.name}</strong><span>${one.where}</span>
    </label>`)}</div>
    <div class="row"><${Button} isDisabled=${!mayTrain.value || isBusy.value} onClick=${() => check(on)}>${words.check(on)}<//></div>
    ${checks.value[on] && html`<ul class="target-checks" role="status">${checks.value[on].map((one) => html`<li key=${one.name + one.text} class=${one.is_good ? "" : "problem"}><strong>${one.name}</strong> ${one.text}${one.mend && html` <code>${one.mend}</code>`}</li>`)}</ul>`}
  </section>`;
}

/** The recipe as a file: what `hone train` takes. */
function save() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${JSON.stringify(recipe.value, null, 2)}\n`], { type: "application/json" }));
  link.download = `${recipe.value.name ?? dataset.value?.name.split("@")[0] ?? "recipe"}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}
