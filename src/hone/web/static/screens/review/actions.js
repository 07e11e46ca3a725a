// The buttons under an example; they stay in place from one example to the next.

import { html } from "../../vendor/preact.js";
import { isBlocked } from "../../lib/outbox.js";
import { mayReview } from "../../lib/session.js";
import { texts } from "../../texts.js";
import { Button } from "../../ui/button.js";
import { textField } from "./answers.js";
import { decide, edit, isChanged, isEditing, redo, undo } from "./deciding.js";
import { isAnyShown, move, task } from "./examples.js";

/** Drawn anew only where a button changes, not for each example. @param {{onNote: () => void}} props */
export function Actions({ onNote }) {
  const isLocked = !isAnyShown.value || !mayReview.value || isBlocked.value;
  const words = texts.review.actions(task.value?.kind);
  const isWriting = isEditing.value && textField(task.value);
  const further = (action, run, label) => html`<${Button}
    action=${action} icon=${action} isQuiet onClick=${run} isDisabled=${isLocked}
  >${label}<//>`;
  return html`<div class="actions" role="toolbar" aria-label=${texts.review.toolbar}>
    <div class="actions-main">
      <${Button} action="previous" icon="previous" isIconOnly label=${words.previous} onClick=${() => move(-1)} />
      ${isWriting ? html`<${Writing} isLocked=${isLocked} />` : html`<${Deciding} ...${{ words, isLocked }} />`}
      <${Button} action="next" icon="next" isIconOnly label=${words.next} onClick=${() => move(1)} />
    </div>
    <div class="actions-further">
      ${further("skip", () => decide("skip"), words.skip)} ${further("flag", () => decide("flag"), words.flag)}
      ${further("unknown", () => decide("unknown"), words.unknown)} ${further("note", onNote, words.note)}
      <${Button} action="undo" icon="undo" isQuiet onClick=${undo} isDisabled=${!mayReview.value}>${words.undo}<//>
      <${Button} action="redo" icon="redo" isQuiet onClick=${redo} isDisabled=${!mayReview.value}>${words.redo}<//>
    </div>
  </div>`;
}

function Deciding({ words, isLocked }) {
  return html`
    <${Button} action="accept" icon="accept" tone="ok" onClick=${() => decide("accept")} isDisabled=${isLocked}>
      ${isChanged.value ? words.acceptChanged : words.accept}
    <//>
    <${Button} action="reject" icon="reject" tone="bad" onClick=${() => decide("reject")} isDisabled=${isLocked}>
      ${words.reject}
    <//>
    <${Button} action="edit" icon="edit" tone="accent" onClick=${edit} isDisabled=${isLocked}>
      ${words.edit}
    <//>
  `;
}

function Writing({ isLocked }) {
  return html`
    <${Button} action="saveEdit" icon="accept" tone="ok" onClick=${() => decide("edit")} isDisabled=${isLocked}>
      ${texts.review.saveAndNext}
    <//>
    <${Button} action="save" icon="edit" tone="accent" onClick=${() => decide("edit", { isStaying: true })} isDisabled=${isLocked}>
      ${texts.review.saveEdit}
    <//>
    <${Button} action="leave" icon="close" isIconOnly label=${texts.review.leaveEdit} onClick=${() => (isEditing.value = false)} />
  `;
}
