// Details of an example: the note, where it comes from, and everything that was decided about it.

import { html, signal, useLayoutEffect, useRef } from "../../vendor/preact.js";
import { answerText, isSame, moment, score } from "../../lib/format.js";
import { drafts } from "../../lib/outbox.js";
import { mayReview } from "../../lib/session.js";
import { texts } from "../../texts.js";
import { Button } from "../../ui/button.js";
import { Field } from "../../ui/field.js";
import { Failure, Waiting } from "../../ui/show.js";
import { decide, draftNote, saveNote } from "./deciding.js";
import { current } from "./examples.js";
import { useLookup } from "./lookup.js";

const NOTE_ID = "review-note";
/** Somebody wants to write a note: the field takes the focus as soon as it is drawn. */
export const isNoteWanted = signal(false);

export function Details({ example, task }) {
  return html`<div class="panel-parts" key=${example.id}>
    <${Note} example=${example} />
    <${Facts} example=${example} />
    <${History} example=${example} kind=${task.kind} />
  </div>`;
}

function Note({ example }) {
  const draft = drafts.value[example.id];
  const isChanged = Boolean(draft && "note" in draft);
  const place = useRef(null);
  useLayoutEffect(() => {
    if (!isNoteWanted.value) return;
    place.current.focus();
    isNoteWanted.value = false;
  }, [isNoteWanted.value]);
  const keep = (event) => {
    if (event.key === "Escape") event.target.blur();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      saveNote();
      event.target.blur();
    }
  };
  return html`<div class="note">
    <label class="pane-title" for=${NOTE_ID}>${texts.review.note}</label>
    <textarea
      ref=${place} id=${NOTE_ID} rows="3" dir="auto" disabled=${!mayReview.value} placeholder=${texts.review.notePlaceholder}
      value=${isChanged ? draft.note : example.note} onKeyDown=${keep}
      onInput=${(event) => draftNote(example, event.target.value)}
    ></textarea>
    <div class="row">
      <${Button} onClick=${saveNote} isDisabled=${!isChanged}>${texts.review.saveNote}<//>
      <span class="hint">${isChanged ? texts.review.noteKept : ""}</span>
    </div>
  </div>`;
}

function Facts({ example }) {
  const { origin } = example;
  const facts = [
    [texts.facts.file, [origin.file, origin.row && texts.facts.row(origin.row)].filter(Boolean).join(" · ")],
    [texts.facts.page, origin.page],
    [texts.facts.model, origin.model],
    [texts.facts.group, example.group],
    [texts.facts.tags, example.tags.join(", ")],
    [texts.facts.occurred, moment(example.occurred_at)],
    [texts.facts.suggestions, example.suggestions.map(named).join(", ")],
    [texts.facts.id, html`<code>${example.id}</code>`],
  ].filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return html`<dl class="facts">
    ${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd dir="auto">${value}</dd></div>`)}
  </dl>`;
}

const named = ({ agent, score: sure }) => (typeof sure === "number" ? `${agent} ${score(sure)}` : agent);

function History({ example, kind }) {
  const { found, error } = useLookup(`/examples/${example.id}`, `${example.version}`);
  const operations = [...(found?.history ?? [])].reverse();
  return html`<div class="history">
    <div class="pane-head">
      <h3 class="pane-title">${texts.review.history}</h3>
      ${example.status !== "pending" &&
      html`<${Button} isQuiet onClick=${() => example.id === current.value?.id && decide("reset", { isStaying: true })} isDisabled=${!mayReview.value}>
        ${texts.review.reset}
      <//>`}
    </div>
    ${error && html`<${Failure} error=${error} />`}
    ${!found && !error && html`<${Waiting} lines=${2} />`}
    ${found && !operations.length && html`<p class="muted">${texts.review.noHistory}</p>`}
    <ol class="history-rows">
      ${operations.map((one) => html`<${Decision} key=${one.seq} operation=${one} kind=${kind} />`)}
    </ol>
  </div>`;
}

function Decision({ operation, kind }) {
  const isWritten = operation.verdict === "edit" && !isSame(operation.old_output, operation.new_output);
  return html`<li class=${operation.undone_by ? "is-undone" : ""}>
    <p>
      <strong>${texts.review.operation(operation, kind)}</strong>
      <span class="muted"> ${texts.review.by(operation.reviewer)} · ${moment(operation.at)}</span>
      ${operation.undone_by && html`<span class="pill">${texts.review.takenBackMark}</span>`}
    </p>
    ${isWritten &&
    html`<p class="history-change" dir="auto">
      ${operation.old_output !== null && html`<del>${answerText(operation.old_output)}</del>`}
      <ins>${answerText(operation.new_output)}</ins>
    </p>`}
    ${operation.note && html`<p class="history-note" dir="auto">${operation.note}</p>`}
  </li>`;
}
