// The answer under review: a text, fields or scores. What is changed is kept as a draft at once.

import { html, useLayoutEffect, useRef } from "../../vendor/preact.js";
import { score } from "../../lib/format.js";
import { mayReview } from "../../lib/session.js";
import { texts } from "../../texts.js";
import { Button } from "../../ui/button.js";
import { Icon } from "../../ui/icon.js";
import { candidatesOf, textField, textOf } from "./answers.js";
import { answerOf, decide, discardDraft, draftAnswer, hasDraft, isEditing, problems } from "./deciding.js";
import { Records } from "./fields.js";
import { Scores } from "./scores.js";
import { useTop } from "./unscrolled.js";

/** @param {{example: any, task: any}} props */
export function Answer({ example, task }) {
  const kind = textField(task) ? "text" : task.kind;
  const Shown = { text: Text, extract: Records, score: Scores }[kind];
  const output = answerOf(example);
  const isDraft = hasDraft(example);
  const top = useTop(example.id);
  // A field that is written in must not become another example's.
  const place = kind === "text" ? top.key : example.id;
  const change = (changed) => draftAnswer(example, changed);
  return html`<section class="pane answer" aria-label=${texts.review.answer(task.kind)} key=${place} onScroll=${top.onScroll}>
    <div class="pane-head">
      <h2 class="pane-title">${texts.review.answer(task.kind)}</h2>
      <${Origin} example=${example} isDraft=${isDraft} />
    </div>
    <${Shown} example=${example} task=${task} output=${output} onChange=${change} />
    ${problems.value.length > 0 &&
    html`<ul class="problems" role="alert">
      ${problems.value.map((one) => html`<li key=${one}><${Icon} name="warning" size=${15} />${one}</li>`)}
    </ul>`}
    ${!(kind === "text" && isEditing.value) && html`<${Candidates} key=${example.id} example=${example} />`}
  </section>`;
}

/** Whose answer it is that stands here. */
function Origin({ example, isDraft }) {
  if (isDraft) {
    return html`<span class="pill status-edited"><${Icon} name="edit" size=${14} />${texts.review.draft}</span>
      <${Button} isQuiet onClick=${() => discardDraft(example)}>${texts.review.discardDraft}<//>`;
  }
  const first = example.suggestions[0];
  if (example.output !== null || !first) {
    return html`<span class="muted">${example.output === null ? texts.review.noSuggestion : texts.review.decidedBy(example.reviewer)}</span>`;
  }
  return html`<span class="muted">
    ${texts.review.suggestedBy(first.agent)}${typeof first.score === "number" && ` · ${score(first.score)}`}
  </span>`;
}

function Text({ example, task, output, onChange }) {
  const place = useRef(null);
  const text = textOf(task, output);
  // Before the next key arrives: what is typed after E belongs to the answer.
  useLayoutEffect(() => {
    if (!isEditing.value || !place.current) return;
    place.current.focus();
    place.current.setSelectionRange(text.length, text.length);
  }, [isEditing.value]);
  if (!isEditing.value) {
    return html`<div
      class="answer-text record-text" dir="auto" tabindex="0" role="group" aria-label=${texts.review.answer(task.kind)}
      onDblClick=${() => mayReview.value && (isEditing.value = true)}
    >${text || html`<span class="muted">${texts.review.noAnswer}</span>`}</div>`;
  }
  const write = (value) => onChange({ [textField(task)]: value });
  return html`<div class="editor">
    <textarea
      ref=${place} class="answer-text record-text" dir="auto" aria-label=${texts.review.editAnswer} spellcheck="true"
      value=${text} onInput=${(event) => write(event.target.value)}
    ></textarea>
    ${task.unanswerable &&
    html`<${Button} isQuiet onClick=${() => write(task.unanswerable)}>
      ${texts.review.useUnanswerable(task.unanswerable)}
    <//>`}
  </div>`;
}

/** Several suggestions: each can be taken by its number. */
function Candidates({ example }) {
  const found = candidatesOf(example);
  if (example.suggestions.length < 2) return null;
  return html`<div class="candidates" role="group" aria-label=${texts.review.suggestions}>
    ${found.slice(0, 9).map(
      (one, place) => html`<${Button}
        key=${place} action="take${place + 1}" isQuiet onClick=${() => decide("accept", { output: one.output })}
        title=${texts.review.takeTitle(one.agent)}
      >
        <span class="visually-hidden">${texts.review.take} </span>${one.agent}${typeof one.score === "number" ? ` · ${score(one.score)}` : ""}
      <//>`,
    )}
  </div>`;
}
