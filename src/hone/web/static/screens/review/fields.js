// The fields of an extract task: one form per record, checked while one types.

import { html, useLayoutEffect, useRef } from "../../vendor/preact.js";
import { number } from "../../lib/format.js";
import { mayReview } from "../../lib/session.js";
import { texts } from "../../texts.js";
import { Button } from "../../ui/button.js";
import { Field } from "../../ui/field.js";
import { fieldProblem, poundsOf, recordsOf, valueOf, withField } from "./answers.js";
import { isEditing } from "./deciding.js";

/** @param {{task: any, output: any, onChange: (output: any) => void}} props */
export function Records({ task, output, onChange }) {
  const place = useRef(null);
  const records = recordsOf(task, output);
  useLayoutEffect(() => {
    const isInside = place.current.contains(document.activeElement);
    if (isEditing.value && !isInside) place.current.querySelector("input, select, button")?.focus();
  }, [isEditing.value]);
  const add = () => {
    onChange([...records, {}]);
    isEditing.value = true;
  };
  const remove = (gone) => onChange(records.filter((_, index) => index !== gone));
  const isLocked = !mayReview.value;
  return html`<div class="records" ref=${place} onFocusIn=${() => (isEditing.value = true)}>
    ${!records.length && html`<p class="muted records-none">${texts.review.noRecords}</p>`}
    ${records.map(
      (record, index) => html`<fieldset class="record-fields" key=${index} disabled=${isLocked}>
        <legend>${task.many ? texts.review.record(index + 1, records.length) : texts.review.theRecord}</legend>
        <div class="field-grid">
          ${Object.entries(task.fields).map(
            ([name, field]) => html`<${FieldOf}
              key=${name} name=${name} field=${field} task=${task} record=${record}
              onChange=${(value) => onChange(withField(task, output, { place: index, name, value }))}
            />`,
          )}
        </div>
        ${task.many &&
        html`<${Button}
          icon="remove" isQuiet isIconOnly label=${texts.review.removeRecord(index + 1)} onClick=${() => remove(index)}
        />`}
      </fieldset>`,
    )}
    ${task.many && html`<${Button} icon="add" onClick=${add} isDisabled=${isLocked}>${texts.review.addRecord}<//>`}
  </div>`;
}

function FieldOf({ name, field, task, record, onChange }) {
  const value = record[name];
  const problem = value === null || value === undefined ? "" : fieldProblem(name, field, value);
  const label = field.required ? texts.review.requiredField(name) : name;
  return html`<${Field} label=${label} hint=${hintOf(name, field, task, record)} problem=${problem}>
    ${(id, about) => html`<${Control} id=${id} about=${about} field=${field} value=${value} problem=${problem} onChange=${onChange} />`}
  <//>`;
}

function Control({ id, about, field, value, problem, onChange }) {
  const shared = { id, "aria-describedby": about, "aria-invalid": problem ? "true" : undefined };
  if (field.type === "enum" || field.type === "boolean") {
    const known = field.type === "boolean" ? ["true", "false"] : field.values;
    const chosen = value === null || value === undefined ? "" : String(value);
    const options = known.includes(chosen) || chosen === "" ? known : [...known, chosen];
    return html`<select ...${shared} value=${chosen} onChange=${(event) => onChange(valueOf(field, event.target.value))}>
      <option value="">–</option>
      ${options.map((one) => html`<option key=${one} value=${one} selected=${one === chosen}>${texts.choice(one)}</option>`)}
    </select>`;
  }
  const isFigure = field.type === "number" || field.type === "integer";
  return html`<input
    ...${shared} type=${field.type === "date" ? "date" : "text"} inputmode=${isFigure ? "decimal" : undefined}
    class=${isFigure ? "is-figure" : ""} dir="auto" autocomplete="off" value=${value ?? ""} placeholder=${field.description}
    onChange=${(event) => isFigure && onChange(valueOf(field, event.target.value))}
    onInput=${(event) => !isUnfinished(isFigure, event.target.value) && onChange(valueOf(field, event.target.value))}
  />`;
}

/** A figure in the middle of being typed ("1.", "-") is left alone until it is complete. */
const isUnfinished = (isFigure, typed) => isFigure && /(^-?|[.,]0*)$/.test(typed) && typed !== "";

function hintOf(name, field, task, record) {
  if (name === "unit" && task.weights_in_pounds) {
    const each = task.weights_in_pounds[record.unit];
    const pounds = poundsOf(task, record);
    if (pounds !== null) return texts.review.pounds(number(pounds));
    if (record.unit && each === undefined) return texts.review.unknownWeight;
  }
  return undefined;
}
