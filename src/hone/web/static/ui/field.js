// A labelled field, and tabs.

import { html, useId } from "../vendor/preact.js";

/**
 * The label, the control that `children` draws with the given id, a hint and a problem.
 * @param {{label: string, hint?: any, problem?: string, children: (id: string, about: string) => any}} props
 */
export function Field({ label, hint, problem, children }) {
  const id = useId();
  const about = `${id}-about`;
  return html`<div class=${problem ? "field has-problem" : "field"}>
    <label for=${id}>${label}</label>
    ${children(id, hint || problem ? about : undefined)}
    ${(hint || problem) && html`<p id=${about} class="field-about">${problem || hint}</p>`}
  </div>`;
}

/**
 * @param {{label: string, value: string, options: Array<[string, string]>, onChange: (value: string) => void,
 *   isLabelHidden?: boolean}} props
 */
export function Select({ label, value, options, onChange, isLabelHidden }) {
  const id = useId();
  return html`<div class="field is-inline">
    <label for=${id} class=${isLabelHidden ? "visually-hidden" : ""}>${label}</label>
    <select id=${id} value=${value} onChange=${(event) => onChange(event.target.value)}>
      ${options.map(([name, text]) => html`<option key=${name} value=${name} selected=${name === value}>${text}</option>`)}
    </select>
  </div>`;
}

/** @param {{label: string, hint?: string, isOn: boolean, onChange: (isOn: boolean) => void}} props */
export function Switch({ label, hint, isOn, onChange }) {
  return html`<label class="switch">
    <input type="checkbox" role="switch" checked=${isOn} onChange=${(event) => onChange(event.target.checked)} />
    <span class="switch-track" aria-hidden="true"></span>
    <span>${label}${hint && html`<span class="hint">${hint}</span>`}</span>
  </label>`;
}

/**
 * Tabs; arrows move between them.
 * @param {{label: string, tabs: Array<[string, string]>, value: string, onChange: (value: string) => void,
 *   children?: any}} props
 */
export function Tabs({ label, tabs, value, onChange, children }) {
  const id = useId();
  const onKeyDown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const place = tabs.findIndex(([name]) => name === value);
    const [name] = tabs[(place + step + tabs.length) % tabs.length];
    onChange(name);
    document.getElementById(`${id}-${name}`)?.focus();
  };
  return html`<div class="tabs">
    <div class="tab-row" role="tablist" aria-label=${label} onKeyDown=${onKeyDown}>
      ${tabs.map(
        ([name, text]) => html`<button
          key=${name} type="button" role="tab" id="${id}-${name}" class="tab" aria-selected=${name === value}
          aria-controls="${id}-panel" tabindex=${name === value ? 0 : -1} onClick=${() => onChange(name)}
        >
          ${text}
        </button>`,
      )}
    </div>
    <div class="tab-panel" role="tabpanel" id="${id}-panel" aria-labelledby="${id}-${value}" tabindex="0">
      ${children}
    </div>
  </div>`;
}
