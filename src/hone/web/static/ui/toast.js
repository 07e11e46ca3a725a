// Short notices that go by themselves, and the one polite live region.

import { html, signal } from "../vendor/preact.js";
import { afterFrame } from "../lib/calm.js";
import { texts } from "../texts.js";
import { Button } from "./button.js";
import { Icon } from "./icon.js";

const SHOWN_MS = 6000;
const ICONS = { ok: "accept", bad: "warning", info: "help" };

const toasts = signal([]);
const spoken = signal("");
let count = 0;

/**
 * @param {string} text
 * @param {{tone?: "ok"|"bad"|"info", hint?: string, action?: {label: string, run: () => void}}} [options]
 */
export function notify(text, options = {}) {
  const id = ++count;
  const toast = { id, text, tone: "info", ...options };
  toasts.value = [...toasts.value.slice(-2), toast];
  if (toast.tone !== "bad") setTimeout(() => drop(id), SHOWN_MS);
}

/** Shows a failure of the server: what happened and what to try. @param {any} error */
export const notifyError = (error) =>
  notify(error.message, { tone: "bad", hint: error.hint });

/** Says a sentence to a screen reader, without showing it. @param {string} text */
export function announce(text) {
  afterFrame(() => (spoken.value = text));
}

/** @param {number} id */
function drop(id) {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

export function Toasts() {
  return html`<div class="toasts" role="region" aria-label=${texts.notices}>
    <div aria-live="polite">
      ${toasts.value.map(
        (one) => html`<div key=${one.id} class="toast tone-${one.tone}">
          <${Icon} name=${ICONS[one.tone]} />
          <p>${one.text}${one.hint && html`<span class="hint">${one.hint}</span>`}</p>
          ${one.action &&
          html`<${Button} isQuiet onClick=${() => (drop(one.id), one.action.run())}>
            ${one.action.label}
          <//>`}
          <${Button} icon="close" isQuiet isIconOnly label=${texts.close} onClick=${() => drop(one.id)} />
        </div>`,
      )}
    </div>
  </div>`;
}

export const LiveRegion = () =>
  html`<div class="visually-hidden" role="status" aria-live="polite">${spoken.value}</div>`;
