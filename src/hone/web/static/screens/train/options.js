// The fields of a recipe, drawn from what the method says of its options.

import { html } from "../../vendor/preact.js";
import { texts } from "../../texts.js";
import { Field, Select, Switch } from "../../ui/field.js";
import { isAdapter, menu, method, options, problemOf, set, useAdapter, valueOf } from "./form.js";

const words = texts.train;
/** What most people look at first, in this order. */
const FIRST = ["training.learning_rate", "training.epochs", "training.batch_size", "lora.r", "lora.lora_alpha", "data.max_seq_length"];

export function Options() {
  const known = [...method.value.options, ...(isAdapter.value ? menu.value.lora : [])].filter((one) => one.type !== "other");
  const first = FIRST.map((key) => known.find((one) => one.key === key)).filter(Boolean);
  const others = known.filter((one) => !FIRST.includes(one.key) && one.key !== "training.dry_run");
  const changed = others.filter((one) => one.key in options.value).length;
  return html`<section class="card" aria-label=${words.options}>
    <h2>${words.options}</h2>
    <${Switch} label=${words.adapter} hint=${words.adapterHint} isOn=${isAdapter.value} onChange=${useAdapter} />
    <div class="option-grid">${first.map((one) => html`<${Option} key=${one.key} option=${one} />`)}</div>
    <details open=${changed > 0}><summary>${words.others(others.length, changed)}</summary>
      <div class="option-grid">${others.map((one) => html`<${Option} key=${one.key} option=${one} />`)}</div>
    </details>
  </section>`;
}

function Option({ option }) {
  const value = valueOf(option);
  const label = words.names[option.key] ?? option.key;
  if (option.type === "switch") return html`<${Switch} label=${label} hint=${option.about} isOn=${value === true} onChange=${(isOn) => set(option, isOn)} />`;
  if (option.type === "choice") {
    const shown = option.may_be_empty ? ["", ...option.choices] : option.choices;
    return html`<div><${Select} label=${label} value=${String(value ?? "")} options=${shown.map((one) => [one, one || words.none])} onChange=${(text) => set(option, read(option, text))} />
      <p class="field-about">${option.about}</p></div>`;
  }
  const problem = problemOf(option);
  return html`<${Field} label=${label} hint=${hintOf(option)} problem=${problem}>${(id, about) => html`<input type="text" id=${id} aria-describedby=${about} aria-invalid=${problem ? "true" : undefined} value=${Array.isArray(value) ? value.join(", ") : (value ?? "")} inputmode=${option.type === "text" || option.words.length ? undefined : "decimal"}
    placeholder=${option.default ?? words.none} autocomplete="off" spellcheck="false" onChange=${(event) => set(option, read(option, event.target.value))} />`}<//>`;
}

function hintOf(option) {
  const also = option.words.length ? ` ${words.also(option.words.join(", "))}` : "";
  return `${option.about}${also}`;
}

/** What was typed, as the recipe holds it; what is no number stays text, and the plan says so. */
export function read(option, text) {
  const typed = text.trim();
  // "None" is a choice of its own where the default is another one.
  if (typed === "") return option.type === "choice" && option.may_be_empty && option.default !== null ? null : undefined;
  if (option.type === "choice") return { true: true, false: false }[typed] ?? typed;
  if (Array.isArray(valueOf(option)) && typed.includes(",")) return typed.split(",").map((one) => one.trim()).filter(Boolean);
  if (option.type === "text" || option.words.includes(typed)) return typed;
  const found = Number(typed);
  return Number.isFinite(found) ? found : typed;
}
