// The plan of an import: what the file seems to be, which column is what, the first examples.

import { html } from "../../vendor/preact.js";
import { answerText, excerpt, number, percent } from "../../lib/format.js";
import { tasks } from "../../lib/session.js";
import { texts } from "../../texts.js";
import { Button } from "../../ui/button.js";
import { Field, Select, Switch } from "../../ui/field.js";
import { Icon } from "../../ui/icon.js";

const FIELDS = {
  qa: ["question", "answer", "context"], chat: ["messages", "question", "answer", "context"],
  extract: ["message", "slots"], score: ["title", "content"],
};
const FURTHER = ["group", "tags", "occurred_at"];

/** @param {{plan: any, asked: any, onChange: (said: any) => void, onStart: () => void}} props */
export function Plan({ plan, asked, onChange, onStart }) {
  const [file] = plan.files;
  return html`<div class="import-columns">
    <section class="card" aria-labelledby="import-what">
      <h2 id="import-what">${texts.import.what}</h2>
      <p class="import-shape">
        <strong>${file.meaning || file.shape}</strong>
        <span class="muted"> ${texts.import.sure(percent(file.confidence))} · ${texts.import.rows(number(file.estimated_rows))}</span>
      </p>
      ${file.notes.map((note) => html`<p key=${note} class="hint">${note}</p>`)}
      ${file.question && html`<${Question} file=${file} />`}
      <${Where} file=${file} plan=${plan} asked=${asked} onChange=${onChange} />
      <${Mapping} file=${file} asked=${asked} onChange=${onChange} />
      ${file.importer === "slack" &&
      html`<${Switch}
        label=${texts.import.pseudonymise} hint=${texts.import.pseudonymiseHint} isOn=${asked.options.pseudonymise === true}
        onChange=${(isOn) => onChange({ options: isOn ? { pseudonymise: true } : {} })}
      />`}
      <${Switch}
        label=${texts.import.acceptAsMe} hint=${texts.import.acceptAsMeHint} isOn=${asked.accept_as_me}
        onChange=${(isOn) => onChange({ accept_as_me: isOn })}
      />
      <div class="row">
        <${Button} tone="primary" icon="import" onClick=${onStart} isDisabled=${Boolean(file.question)}>
          ${texts.import.start(number(file.estimated_rows))}
        <//>
      </div>
    </section>
    <${Sample} file=${file} />
  </div>`;
}

const Question = ({ file }) => html`<div class="failure" role="alert">
  <${Icon} name="warning" />
  <p>${texts.import.question(file.question)}<span class="hint">${texts.import.questionHint}</span></p>
</div>`;

function Where({ file, plan, asked, onChange }) {
  const known = tasks.value.map((one) => [one.name, `${one.name} (${one.kind})`]);
  const options = file.shape === "slots" || plan.new_task || file.question ? [...known, ["+", texts.import.newTask]] : known;
  const choose = (name) => onChange(name === "+" ? { new_task: texts.import.newTaskName, task: null } : { task: name, new_task: null });
  return html`<div class="field-grid">
    <${Select} label=${texts.import.task} value=${asked.new_task === null ? file.task : "+"} options=${options} onChange=${choose} />
    ${asked.new_task !== null &&
    html`<${Field} label=${texts.import.newTaskLabel}>
      ${(id) => html`<input id=${id} type="text" value=${asked.new_task} onChange=${(event) => onChange({ new_task: event.target.value.trim() || null })} />`}
    <//>`}
  </div>
  ${plan.new_task && html`<details><summary>${texts.import.newTaskFile}</summary><pre class="prompt" tabindex="0">${plan.new_task}</pre></details>`}`;
}

/** Which column feeds which field; the person's own choice wins. */
function Mapping({ file, asked, onChange }) {
  const task = tasks.value.find((one) => one.name === file.task);
  const columns = [...new Set([...Object.values(file.columns), ...file.ignored])];
  if (!task || !columns.length) return null;
  const own = [...(FIELDS[task.kind] ?? []), ...(task.dimensions ?? []).map((one) => one.name ?? one), ...FURTHER];
  const fields = [...new Set([...Object.keys(file.columns), ...own])];
  const set = (name, column) => {
    const { [name]: _old, ...others } = { ...said(file, asked) };
    onChange({ mapping: column ? { ...others, [name]: column } : others });
  };
  const unused = file.ignored.filter((one) => !Object.values(file.columns).includes(one));
  return html`<fieldset class="mapping">
    <legend>${texts.import.mapping}</legend>
    ${fields.map((name) => html`<${Select}
      key=${name} label=${name} value=${file.columns[name] ?? ""} onChange=${(column) => set(name, column)}
      options=${[["", texts.import.noColumn], ...columns.map((one) => [one, one])]}
    />`)}
    ${unused.length > 0 && html`<p class="hint">${texts.import.unused(unused.join(", "))}</p>`}
  </fieldset>`;
}

/** A changed mapping says every field, so that nothing is guessed behind a person's back. */
const said = (file, asked) => (Object.keys(asked.mapping).length ? asked.mapping : file.columns);

function Sample({ file }) {
  return html`<section class="card" aria-labelledby="import-sample">
    <h2 id="import-sample">${texts.import.sample}</h2>
    ${!file.sample.length && html`<p class="muted">${texts.import.noSample}</p>`}
    <ol class="samples">
      ${file.sample.map(
        (one, place) => html`<li key=${place}>
          <p class="record-text" dir="auto">${excerpt(one)}</p>
          <p class="sample-answer record-text" dir="auto">${answerText(one.proposals[0]) || texts.import.noAnswer}</p>
        </li>`,
      )}
    </ol>
  </section>`;
}
