// The base model: one of those that take an adapter, a version of one's own, or another by its name.

import { html } from "../../vendor/preact.js";
import { texts } from "../../texts.js";
import { Button } from "../../ui/button.js";
import { Field } from "../../ui/field.js";
import { chooseBase, isOtherBase, judged, menu, top } from "./form.js";

const words = texts.train;
/** What the choice says that shows a field to write into. */
const OTHER = "?";

export function Base() {
  const chosen = top.value.base ?? "";
  const known = menu.value.bases.map((one) => one.id);
  const versions = menu.value.recipes.filter((one) => one.is_version).map((one) => one.name);
  const isKnown = known.includes(chosen) || versions.includes(chosen);
  const isTyped = isOtherBase.value || !isKnown;
  const pick = (id) => {
    isOtherBase.value = id === OTHER;
    if (id !== OTHER) chooseBase(id);
  };
  return html`<div class="base-choice">
    <${Field} label=${words.base} hint=${words.baseHint}>${(id, about) => html`<select id=${id} aria-describedby=${about} value=${isTyped ? OTHER : chosen} onChange=${(event) => pick(event.target.value)}>
      ${versions.length > 0 && html`<optgroup label=${words.versions}>${versions.map((one) => html`<option key=${one} value=${one} selected=${!isTyped && one === chosen}>${one}</option>`)}</optgroup>`}
      <optgroup label=${words.bases}>${known.map((one) => html`<option key=${one} value=${one} selected=${!isTyped && one === chosen}>${one}</option>`)}</optgroup>
      <option value=${OTHER} selected=${isTyped}>${words.otherBase}</option>
    </select>`}<//>
    ${isTyped && html`<${Field} label=${words.baseName} hint=${words.baseNameHint}>${(id, about) => html`<input type="text" id=${id} aria-describedby=${about} value=${isKnown ? "" : chosen} autocomplete="off" spellcheck="false" onChange=${(event) => chooseBase(event.target.value.trim())} />`}<//>`}
    <div role="status">${judged.value?.problem && html`<p class="problem">${judged.value.problem}</p>
      ${judged.value.instead && html`<${Button} onClick=${() => pick(judged.value.instead)}>${words.takeInstead(judged.value.instead)}<//>`}`}</div>
  </div>`;
}
