// Dialogs: native <dialog>, so that focus stays inside and returns to where it was.

import { html, signal, useEffect, useId, useRef } from "../vendor/preact.js";
import { texts } from "../texts.js";
import { Button } from "./button.js";

/**
 * @param {{title: string, onClose: () => void, isWide?: boolean, footer?: any, children?: any}} props
 */
export function Dialog({ title, onClose, isWide, footer, children }) {
  const place = useRef(null);
  const name = useId();
  useEffect(() => {
    const before = /** @type {HTMLElement|null} */ (document.activeElement);
    place.current.showModal();
    return () => before?.isConnected && before.focus();
  }, []);
  const closeOutside = (event) => event.target === place.current && onClose();
  return html`<dialog
    ref=${place} class=${isWide ? "dialog is-wide" : "dialog"} aria-labelledby=${name}
    onCancel=${(event) => (event.preventDefault(), onClose())} onClick=${closeOutside}
  >
    <div class="dialog-inside">
      <header class="dialog-head">
        <h2 id=${name}>${title}</h2>
        <${Button} icon="close" isQuiet isIconOnly label=${texts.close} onClick=${onClose} />
      </header>
      <div class="dialog-body" tabindex="0" role="group" aria-labelledby=${name}>${children}</div>
      ${footer && html`<footer class="dialog-foot">${footer}</footer>`}
    </div>
  </dialog>`;
}

/** @type {import("../vendor/preact.js").Signal<null|any>} */
const question = signal(null);

/**
 * Asks before something large happens.
 * @param {{title: string, text: string, confirm: string, tone?: string}} asked
 * @returns {Promise<boolean>}
 */
export function ask(asked) {
  return new Promise((resolve) => {
    question.value = { ...asked, answer: resolve };
  });
}

/** Shows the question of `ask`; once, in the shell. */
export function Question() {
  const asked = question.value;
  if (!asked) return null;
  const answer = (isYes) => {
    question.value = null;
    asked.answer(isYes);
  };
  const footer = html`
    <${Button} onClick=${() => answer(false)} autofocus=${asked.tone === "bad"}>${texts.cancel}<//>
    <${Button} tone=${asked.tone ?? "primary"} onClick=${() => answer(true)} autofocus=${asked.tone !== "bad"}>
      ${asked.confirm}
    <//>
  `;
  return html`<${Dialog} title=${asked.title} onClose=${() => answer(false)} footer=${footer}>
    <p>${asked.text}</p>
  <//>`;
}
