// A button with its icon and, where an action has a key, its key cap.

import { html } from "../vendor/preact.js";
import { ariaKey, keyOf, shownKey } from "../lib/keys.js";
import { Icon } from "./icon.js";

/**
 * @param {{action?: string, icon?: string, tone?: string, label?: string, isQuiet?: boolean,
 *   isIconOnly?: boolean, onClick?: any, isDisabled?: boolean, children?: any}} props
 */
export function Button(props) {
  const { action, icon, tone, label, children, onClick, isDisabled, isQuiet, isIconOnly, ...others } = props;
  const key = action ? keyOf(action) : "";
  const classes = ["button", tone && `tone-${tone}`, isQuiet && "is-quiet", isIconOnly && "is-icon"];
  return html`<button
    type="button" ...${others} class=${classes.filter(Boolean).join(" ")} onClick=${onClick}
    disabled=${isDisabled} aria-label=${label} aria-keyshortcuts=${action && ariaKey(action)}
    title=${isIconOnly ? label + (key ? ` (${shownKey(key)})` : "") : others.title}
  >
    ${icon && html`<${Icon} name=${icon} />`}
    ${children && html`<span class="button-text">${children}</span>`}
    ${key && !isIconOnly && html`<${KeyCap} name=${key} />`}
  </button>`;
}

/** @param {{name: string}} props */
export const KeyCap = ({ name }) => html`<kbd aria-hidden="true">${shownKey(name)}</kbd>`;
