// What is trained on: the training type, data prepared from what was accepted, a file, its rows to take along.

import { html, signal } from "../../vendor/preact.js";
import { download, post, search, upload } from "../../lib/api.js";
import { number } from "../../lib/format.js";
import { mayTrain, session } from "../../lib/session.js";
import { texts } from "../../texts.js";
import { Button } from "../../ui/button.js";
import { Field, Select } from "../../ui/field.js";
import { Icon } from "../../ui/icon.js";
import { Failure } from "../../ui/show.js";
import { chooseType, dataset, menu, take, type, TYPES } from "./form.js";

const words = texts.train;
const ENDINGS = /** @type {Record<string, string>} */ ({ sft: "", raft: "-raft", dpo: "-pairs" });
/** Shares that can be set aside to find what to correct. */
const SHARES = ["0", "0.1", "0.2", "0.3"];
const named = signal("");
const probe = signal("0");
const saved = signal(/** @type {any} */ (null));
const failed = signal(/** @type {any} */ (null));
const isWorking = signal(false);

/** As it is when somebody acts, which may be before the screen has been drawn again. */
const wantedType = () => type.value || (TYPES[dataset.value?.format] ? dataset.value.format : "sft");

export function Data() {
  const wanted = wantedType();
  const usual = `${session.value?.default_task ?? "data"}${ENDINGS[wanted]}`;
  const isOff = !mayTrain.value || isWorking.value;
  const lacks = type.value && !menu.value.datasets.some((one) => one.format === TYPES[type.value].format);
  return html`<section class="card" aria-label=${words.data}>
    <h2>${words.data}</h2>
    <div class="choice-cards" role="radiogroup" aria-label=${words.type}>${Object.keys(TYPES).map((name) => html`<label key=${name} class="choice-card">
      <input type="radio" name="training-type" checked=${type.value === name} onChange=${() => (saved.value = failed.value = null, chooseType(name))} />
      <strong>${words.types[name]}</strong><span>${words.typesAbout[name]}</span>
    </label>`)}</div>
    ${lacks && html`<p class="problem" role="status">${words.lacks[type.value]}</p>`}
    <div class="option-grid"><${Field} label=${words.dataName} hint=${words.dataNameHint}>${(id, about) => html`<input type="text" id=${id} aria-describedby=${about} value=${named.value} placeholder=${usual} autocomplete="off" spellcheck="false" onChange=${(event) => (named.value = event.target.value.trim())} />`}<//>
      <div><${Select} label=${words.probe} value=${probe.value} options=${SHARES.map((one) => [one, words.probeShare(Number(one))])} onChange=${(share) => (probe.value = share)} />
        <p class="field-about">${words.probeHint}</p></div>
    </div>
    <div class="row">
      <${Button} isDisabled=${isOff} onClick=${() => freeze("", { name: named.value || usual, format: wantedType(), probe: Number(probe.value) })}>${words.prepare(words.types[wanted])}<//>
      <label class="button ${isOff ? "is-disabled" : ""}"><${Icon} name="upload" />${words.loadExisting}
        <input type="file" accept=".jsonl,.ndjson,application/x-ndjson" class="visually-hidden" disabled=${isOff} onChange=${(event) => load(event, wantedType(), named.value)} />
      </label>
      <${Button} isQuiet icon="download" isDisabled=${!dataset.value} onClick=${() => download(`/datasets/${encodeURIComponent(dataset.value.ref)}/rows`)}>${words.exportData}<//>
    </div>
    <div role="status">${isWorking.value ? words.working : saved.value && html`<p class="is-saved"><strong>${words.saved}</strong> ${line(saved.value)}</p>
      ${saved.value.notes.map((note) => html`<p key=${note} class="muted">${note}</p>`)}`}</div>
    ${failed.value && html`<${Failure} error=${failed.value} />
      ${failed.value.problems?.length > 0 && html`<ul class="problems">${failed.value.problems.map((one) => html`<li key=${one} class="problem">${one}</li>`)}</ul>`}`}
  </section>`;
}

function line(found) {
  const out = Object.entries(found.kept_out).map(([why, count]) => words.keptOut(why, number(count)));
  return [words.savedLine(found.ref, number(found.rows.train ?? 0), number(found.rows.val ?? 0)), ...(found.rows.probe ? [words.savedProbe(number(found.rows.probe))] : []), ...out].join(" · ");
}

function load(event, format, name) {
  const [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  const stem = file.name.replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[.-]+/, "");
  freeze("/load", { name: name || stem || "loaded", format }, file);
}

async function freeze(path, asked, file) {
  isWorking.value = true;
  saved.value = failed.value = null;
  try {
    const taken = file && (await upload(`/imports/files${search({ name: file.name })}`, file));
    const found = await post(`/datasets${path}`, taken ? { ...asked, upload: taken.upload } : asked);
    await take(found.ref);
    saved.value = found;
  } catch (error) {
    failed.value = error;
  } finally {
    isWorking.value = false;
  }
}
