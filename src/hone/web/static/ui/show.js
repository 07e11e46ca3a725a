// Small things that show a value: status pills, meters, differences, empty places, failures.

import { html } from "../vendor/preact.js";
import { texts } from "../texts.js";
import { Button } from "./button.js";
import { Icon } from "./icon.js";

const METER_STEPS = 400;
const STATUS_ICONS = {
  pending: "clock", accepted: "accept", edited: "edit", rejected: "reject", skipped: "skip",
  flagged: "flag", unknown: "unknown",
};

/** @param {{status: string, kind?: string}} props */
export function Status({ status, kind }) {
  return html`<span class="pill status-${status}">
    <${Icon} name=${STATUS_ICONS[status] ?? "clock"} size=${14} />${texts.status(status, kind)}
  </span>`;
}

/** The status as a mark alone, with its name for screen readers. @param {{status: string, kind?: string}} props */
export function StatusMark({ status, kind }) {
  return html`<span class="mark status-${status}">
    <${Icon} name=${STATUS_ICONS[status] ?? "clock"} size=${14} />
    <span class="visually-hidden">${texts.status(status, kind)}</span>
  </span>`;
}

/** @param {{value: number, most: number, label: string}} props */
export function Meter({ value, most, label }) {
  // In steps that can be seen: an animation that nobody sees is drawn all the same.
  const share = most > 0 ? Math.round(Math.min(value / most, 1) * METER_STEPS) / METER_STEPS : 0;
  return html`<div
    class="meter" role="progressbar" aria-label=${label} aria-valuemin="0" aria-valuemax=${most}
    aria-valuenow=${value}
  >
    <div class="meter-bar" style=${{ transform: `scaleX(${share})` }}></div>
  </div>`;
}

/** A difference word by word; added words are underlined, missing ones struck. @param {{parts: [string, string][]}} props */
export function Diff({ parts }) {
  return html`<span class="diff">
    ${parts.map(([kind, text]) => {
      if (kind === "+") return html`<ins><span class="visually-hidden">${texts.added} </span>${text}</ins>`;
      if (kind === "-") return html`<del><span class="visually-hidden">${texts.missing} </span>${text}</del>`;
      return text;
    })}
  </span>`;
}

/** @param {{title: string, text?: any, icon?: string, children?: any}} props */
export function Empty({ title, text, icon, children }) {
  return html`<div class="empty">
    ${icon && html`<span class="empty-icon"><${Icon} name=${icon} size=${28} /></span>`}
    <h2>${title}</h2>
    ${text && html`<p>${text}</p>`}
    ${children && html`<div class="row is-centred">${children}</div>`}
  </div>`;
}

/** A failure in the place of what could not be shown. @param {{error: any, onRetry?: () => void}} props */
export function Failure({ error, onRetry }) {
  return html`<div class="failure" role="alert">
    <${Icon} name="warning" />
    <p>${error.message}${error.hint && html`<span class="hint">${error.hint}</span>`}</p>
    ${onRetry && html`<${Button} onClick=${onRetry}>${texts.tryAgain}<//>`}
  </div>`;
}

/** Grey bars where content will stand. @param {{lines?: number}} props */
export function Waiting({ lines = 3 }) {
  return html`<div class="waiting" aria-hidden="true">
    ${Array.from({ length: lines }, (_, place) => html`<div key=${place}></div>`)}
  </div>`;
}

/** A command with a button that copies it. @param {{text: string}} props */
export function Command({ text }) {
  const copy = async (event) => {
    const button = event.currentTarget;
    const code = button.parentElement.querySelector("code");
    if (!navigator.clipboard) {
      // A plain http address of the network: browsers give no clipboard there.
      getSelection()?.selectAllChildren(code);
      return;
    }
    await navigator.clipboard.writeText(text);
    button.classList.add("is-done");
    button.setAttribute("aria-label", texts.copied);
  };
  return html`<div class="command">
    <code tabindex="0">${text}</code>
    <${Button} icon="copy" isQuiet isIconOnly label=${texts.copy} onClick=${copy} />
  </div>`;
}
