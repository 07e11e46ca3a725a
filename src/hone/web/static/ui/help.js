// The help: every key that works on the screen that is shown.

import { html, signal } from "../vendor/preact.js";
import { bindings, keyboard, keyOf } from "../lib/keys.js";
import { texts } from "../texts.js";
import { KeyCap } from "./button.js";
import { Dialog } from "./dialog.js";

export const isHelpOpen = signal(false);

export function Help() {
  if (!isHelpOpen.value) return null;
  // Several keys for the same thing stand in one row, so do the numbers.
  const rows = new Map();
  for (const [action, { label }] of bindings.value) {
    const key = keyOf(action);
    const name = /^take\d$/.test(action) ? texts.help.take : label;
    if (key) rows.set(name, [...(rows.get(name) ?? []), key]);
  }
  return html`<${Dialog} title=${texts.help.title} onClose=${() => (isHelpOpen.value = false)}>
    ${!keyboard.value.single_keys && html`<p class="hint">${texts.help.singleOff}</p>`}
    <dl class="help-rows">
      ${[...rows].map(
        ([label, keys]) => html`<div key=${label}>
          <dt>${label}</dt>
          <dd>${keys.length > 2 ? html`<${KeyCap} name=${keys[0]} /> – <${KeyCap} name=${keys.at(-1)} />` : keys.map((key) => html`<${KeyCap} key=${key} name=${key} />`)}</dd>
        </div>`,
      )}
    </dl>
    <p class="hint">${texts.help.more}</p>
  <//>`;
}
