// What the gate says of a version, and the way to make it the one that answers, also past the gate.

import { html, signal, useEffect } from "../../vendor/preact.js";
import { get, put } from "../../lib/api.js";
import { mayTrain } from "../../lib/session.js";
import { texts } from "../../texts.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Field } from "../../ui/field.js";
import { Command, Failure, Waiting } from "../../ui/show.js";
import { notify } from "../../ui/toast.js";

const words = texts.models;
const judged = signal(/** @type {any} */ (null));
const error = signal(/** @type {any} */ (null));
const isAsking = signal(false);
const note = signal("");

/** @param {{reference: string, isActive: boolean, onChanged: () => void}} props */
export function Gate({ reference, isActive, onChanged }) {
  const path = `/models/${encodeURIComponent(reference)}`;
  const look = async () => {
    try {
      judged.value = await get(`${path}/gate`);
      error.value = null;
    } catch (failed) {
      error.value = failed;
    }
  };
  useEffect(() => {
    judged.value = null;
    look();
  }, [reference, isActive]);
  if (error.value) return html`<${Failure} error=${error.value} onRetry=${look} />`;
  if (!judged.value) return html`<${Waiting} lines=${3} />`;
  const { verdict, says, rules } = judged.value;
  const choose = async (isForced) => {
    try {
      await put(`${path}/active`, { note: note.value, is_forced: isForced });
      isAsking.value = false;
      note.value = "";
      notify(words.answers(reference), { tone: "ok" });
      onChanged();
    } catch (failed) {
      notify(failed.message, { tone: "bad", hint: failed.hint });
    }
  };
  return html`<div class="gate verdict-${verdict}">
    <p><span class="pill verdict">${words.verdict[verdict]}</span> ${says}</p>
    ${rules.length > 0 && html`<ul class="rules">${rules.map((one) => html`<li key=${`${one.rule} ${one.on}`}>
      <span class="pill rule-${one.verdict}">${words.verdict[one.verdict]}</span>
      <div><p>${one.rule} <span class="muted">${one.on}</span></p><p class="muted">${one.says}</p>
        ${one.command && html`<${Command} text=${one.command} />`}</div></li>`)}</ul>`}
    ${!isActive && html`<div class="row">
      ${verdict === "pass"
        ? html`<${Button} tone="primary" icon="accept" isDisabled=${!mayTrain.value} onClick=${() => choose(false)}>${words.makeActive}<//>`
        : html`<${Button} isDisabled=${!mayTrain.value} onClick=${() => (isAsking.value = true)}>${words.override}<//>`}
      ${!mayTrain.value && html`<span class="muted">${words.mayNot}</span>`}
    </div>`}
    ${isAsking.value && html`<${Override} reference=${reference} says=${says} onChoose=${() => choose(true)} />`}
  </div>`;
}

function Override({ reference, says, onChoose }) {
  const footer = html`<${Button} onClick=${() => (isAsking.value = false)}>${texts.cancel}<//>
    <${Button} tone="bad" isDisabled=${!note.value.trim()} onClick=${onChoose}>${words.overrideConfirm(reference)}<//>`;
  return html`<${Dialog} title=${words.overrideTitle(reference)} onClose=${() => (isAsking.value = false)} footer=${footer}>
    <p>${says}</p>
    <${Field} label=${words.why} hint=${words.whyHint}>${(id, about) => html`<textarea
      id=${id} aria-describedby=${about} rows="3" value=${note.value} onInput=${(event) => (note.value = event.target.value)}></textarea>`}<//>
  <//>`;
}
