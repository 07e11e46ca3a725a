// The flag queue: an answer that somebody should look at, what was expected, and what is right.

import { html, signal, useEffect } from "../../vendor/preact.js";
import { excerpt, number, score } from "../../lib/format.js";
import { useKeys } from "../../lib/keys.js";
import { linkTo } from "../../lib/route.js";
import { mayReview, mayTrain, taskNamed } from "../../lib/session.js";
import { texts } from "../../texts.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Field, Switch } from "../../ui/field.js";
import { Diff, Empty, Failure, Waiting } from "../../ui/show.js";
import { notifyError } from "../../ui/toast.js";
import { textField, textOf } from "../review/answers.js";
import { Records } from "../review/fields.js";
import { Scores } from "../review/scores.js";
import { tab, view } from "./chosen.js";
import { begin, draft, error, isBusy, isChanged, isTested, model, note, open, opened, promote, queue, save, say, step } from "./queue.js";

const words = texts.flags;
const isPromoting = signal(false);
const why = signal("");

export function Flags() {
  const name = view.value.evaluation.model;
  useEffect(() => {
    model.value = name;
    begin();
  }, [name, isTested.value]);
  const mayCorrect = mayReview.value && !isTested.value;
  useKeys({
    previous: { run: () => step(-1), label: words.previous },
    next: { run: () => step(1), label: words.next },
    ...(mayCorrect && {
      saveEdit: { run: save, label: words.save, whileTyping: true },
      skip: { run: () => say("skip"), label: words.skip },
      reject: { run: () => say("reject"), label: words.reject },
    }),
  });
  return html`<div class="flags">
    <div class="row"><p role="status">${queue.value ? words.count(number(queue.value.total), number(queue.value.resolved), number(queue.value.answered)) : ""}</p>
      ${queue.value?.resolved > 0 && queue.value.flags.length > 0 && html`<${Button} isQuiet onClick=${() => tab.set("corrections")}>${words.correct}<//>`}
      ${queue.value && (queue.value.held_back > 0 || isTested.value) && html`<${Switch} label=${words.tested(number(queue.value.held_back))} isOn=${isTested.value} onChange=${(isOn) => (isTested.value = isOn)} />`}
    </div>
    ${isTested.value && html`<p class="muted">${words.testedAbout}</p>`}
    ${error.value && html`<${Failure} error=${error.value} onRetry=${() => begin()} />`}
    ${!queue.value && !error.value && html`<${Waiting} lines=${6} />`}
    ${queue.value?.notes.map((one) => html`<p key=${one} class="muted">${one}</p>`)}
    ${queue.value && !queue.value.flags.length && html`<${Empty} title=${words.none} text=${words.noneText} icon="accept">${queue.value.resolved > 0 && html`<${Button} tone="primary" onClick=${() => tab.set("corrections")}>${words.correct}<//>`}<//>`}
    ${queue.value?.flags.length > 0 && html`<div class="flags-columns"><${List} /><${Opened} mayCorrect=${mayCorrect} /></div>`}
    ${isPromoting.value && html`<${Promote} />`}
  </div>`;
}

const List = () => html`<nav class="card flag-list" aria-label=${words.queue} tabindex="0"><ol>
  ${queue.value.flags.map((one) => html`<li key=${one.id}>
    <button type="button" class="flag-row" aria-current=${one.id === opened.value?.flag.id ? "true" : undefined} onClick=${() => open(one.id)}>
      <span class="dot band-${one.band}" aria-hidden="true"></span><span class="figure">${score(one.score)}</span>
      <span class="flag-reasons">${one.reasons.map((reason) => words.reasons[reason]).join(", ")}${one.state === "skipped" && ` · ${words.skipped}`}</span>
      <span class="muted flag-got" dir="auto">${excerpt(one)}</span>
    </button></li>`)}
</ol></nav>`;

function Opened({ mayCorrect }) {
  const one = opened.value;
  if (!one) return html`<section class="card"><${Waiting} lines=${8} /></section>`;
  const { flag } = one;
  const task = taskNamed(flag.task);
  return html`<section class="card flag-opened" key=${flag.id} aria-label=${words.opened}>
    <ul class="flag-says">${flag.says.map((text) => html`<li key=${text}>${text}</li>`)}</ul>
    <${Part} title=${texts.evaluate.columns.asked}><p class="record-text" dir="auto">${one.asked}</p><//>
    ${flag.context.map((passage, place) => html`<${Part} key=${place} title=${words.passage(place + 1)}><p class="record-text muted" dir="auto">${passage.text ?? passage}</p><//>`)}
    <${Part} title=${texts.evaluate.columns.expected}><p class="record-text" dir="auto">${flag.expected || texts.evaluate.empty}</p><//>
    <${Part} title=${words.got(flag.model, score(flag.score))}><p class="record-text" dir="auto"><${Diff} parts=${one.diff} /></p><//>
    ${mayCorrect && task && html`<${Correct} task=${task} />`}
    ${isTested.value && html`<div class="row"><${Button} isDisabled=${!mayTrain.value} onClick=${() => (isPromoting.value = true)}>${words.promote}<//></div>`}
    ${one.neighbours.length > 0 && html`<details><summary>${words.neighbours(number(one.neighbours.length), one.dataset)}</summary>
      <ul class="neighbours">${one.neighbours.map((near) => html`<li key=${near.id}><a href=${linkTo("review", { task: flag.task, status: "all", at: near.id })}>${score(near.similarity)}</a>
        <span dir="auto">${near.asked}</span><span class="muted" dir="auto">${near.answer}</span>${near.note && html`<span class="muted">${near.note}</span>`}</li>`)}</ul></details>`}
    ${one.history.length > 0 && html`<details><summary>${words.history}</summary><ul class="link-rows">${one.history.map((said) => html`<li key=${said.seq}>${words.said[said.verdict]} · ${said.reviewer}${said.note && ` · ${said.note}`}</li>`)}</ul></details>`}
  </section>`;
}

const Part = ({ title, children }) => html`<section class="scored-part"><h3>${title}</h3>${children}</section>`;

function Correct({ task }) {
  const name = textField(task);
  const write = (output) => (draft.value = output);
  return html`<div class="flag-correct">
    ${name
      ? html`<${Field} label=${words.answer}>${(id) => html`<textarea id=${id} rows="4" dir="auto" value=${textOf(task, draft.value)} onInput=${(event) => write({ ...draft.value, [name]: event.target.value })}></textarea>`}<//>`
      : html`<h3>${words.answer}</h3>${task.kind === "score" ? html`<${Scores} task=${task} output=${draft.value} onChange=${write} />` : html`<${Records} task=${task} output=${draft.value} onChange=${write} />`}`}
    <${Field} label=${words.note}>${(id) => html`<textarea id=${id} rows="2" value=${note.value} onInput=${(event) => (note.value = event.target.value)}></textarea>`}<//>
    <div class="row">
      <${Button} tone="primary" action="saveEdit" isDisabled=${isBusy.value} onClick=${save}>${isChanged() ? words.save : words.confirm}<//>
      <${Button} action="skip" isDisabled=${isBusy.value} onClick=${() => say("skip")}>${words.skip}<//>
      <${Button} isDisabled=${isBusy.value || opened.value.got_output === null} title=${words.referenceWrongTitle} onClick=${() => say("reference_wrong")}>${words.referenceWrong}<//>
      <${Button} isQuiet isDisabled=${isBusy.value} onClick=${() => say("dismiss")}>${words.dismiss}<//>
      <${Button} isQuiet action="reject" isDisabled=${isBusy.value} onClick=${() => say("reject")}>${words.reject}<//>
    </div>
  </div>`;
}

function Promote() {
  const close = () => (isPromoting.value = false);
  const send = async () => {
    try {
      await promote(why.value);
      why.value = "";
      close();
    } catch (failed) {
      notifyError(failed);
    }
  };
  const footer = html`<${Button} onClick=${close}>${texts.cancel}<//><${Button} tone="bad" isDisabled=${!why.value.trim()} onClick=${send}>${words.promoteConfirm}<//>`;
  return html`<${Dialog} title=${words.promoteTitle} onClose=${close} footer=${footer}><p>${words.promoteText}</p>
    <${Field} label=${texts.models.why}>${(id) => html`<textarea id=${id} rows="3" value=${why.value} onInput=${(event) => (why.value = event.target.value)}></textarea>`}<//><//>`;
}
