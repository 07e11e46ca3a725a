// Decisions that the server did not take: shown with both texts, mended or let go by a person.

import { html, signal, useEffect, useState } from "../vendor/preact.js";
import { get } from "../lib/api.js";
import { answerText } from "../lib/format.js";
import { discard, failure, keepDraft, parked, queued, resend } from "../lib/outbox.js";
import { go } from "../lib/route.js";
import { taskNamed } from "../lib/session.js";
import { texts } from "../texts.js";
import { Button } from "./button.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icon.js";
import { Failure } from "./show.js";

export const isOutboxOpen = signal(false);

/** The parked decisions of the example that is shown. @param {{entries: any[]}} props */
export function ParkedHere({ entries }) {
  return html`<div class="parked-here" role="alert">
    <${Icon} name="warning" />
    <p>${entries.some((one) => one.state === "conflict") ? texts.outbox.conflictHere : texts.outbox.refusedHere}</p>
    <${Button} onClick=${() => (isOutboxOpen.value = true)}>${texts.outbox.look}<//>
  </div>`;
}

export function OutboxDialog() {
  if (!isOutboxOpen.value) return null;
  const close = () => (isOutboxOpen.value = false);
  const refused = parked.value.filter((one) => one.state === "refused");
  const sendAll = () => refused.forEach((entry) => resend(entry));
  return html`<${Dialog} title=${texts.outbox.title} isWide onClose=${close}>
    ${failure.value && queued.value.length > 0 && html`<${Failure} error=${failure.value} />`}
    <p>${parked.value.length ? texts.outbox.explain : texts.outbox.none}</p>
    ${refused.length > 1 && html`<div class="row"><${Button} onClick=${sendAll}>${texts.outbox.sendAll(refused.length)}<//></div>`}
    <ul class="parked-rows">
      ${parked.value.map((entry) => html`<${Parked} key=${entry.op_id} entry=${entry} onClose=${close} />`)}
    </ul>
  <//>`;
}

function Parked({ entry, onClose }) {
  const [now, setNow] = useState(/** @type {any} */ (null));
  useEffect(() => {
    if (!entry.example_id) return; // an undo of whatever was newest
    get(`/examples/${entry.example_id}`).then((found) => setNow(found.example), () => setNow(null));
  }, [entry.op_id]);
  const kind = now ? taskNamed(now.task)?.kind : undefined;
  const isDecision = entry.kind === "decide";
  const mine = entry.body.output ?? (entry.to === "accepted" ? entry.patch?.answer : null);
  const useMine = () => resend(entry, {
    body: { ...entry.body, base_version: now.version }, from: now.status,
    patch: { ...entry.patch, version: now.version + 1 },
  });
  const mend = () => {
    keepDraft(entry.example_id, { output: entry.body.output ?? now?.answer, base_version: now?.version });
    discard(entry);
    onClose();
    go("review", { task: now?.task, status: "all", at: entry.example_id });
  };
  return html`<li class="parked-row">
    <p class="parked-title" dir="auto"><strong>${isDecision ? entry.title : texts.outbox.step(entry.kind, entry.title)}</strong></p>
    <p class="problem">
      ${entry.state === "conflict" ? texts.outbox.conflictReason(now?.reviewer) : texts.outbox.refusedReason(entry.reason)}
      ${entry.hint && html`<span class="hint">${entry.hint}</span>`}
    </p>
    ${isDecision && html`<div class="both">
      <section><h3 class="pane-title">${texts.outbox.mine}: ${texts.status(entry.to, kind)}</h3>
        <p class="record-text" dir="auto">${answerText(mine) || "–"}</p></section>
      ${now && html`<section><h3 class="pane-title">${texts.outbox.theirs}: ${texts.status(now.status, kind)}</h3>
        <p class="record-text" dir="auto">${answerText(now.answer) || "–"}</p></section>`}
    </div>`}
    <div class="row">
      ${entry.state === "conflict" && now && html`<${Button} tone="accent" onClick=${useMine}>${texts.outbox.useMine}<//>`}
      ${entry.state === "refused" && html`<${Button} tone="accent" onClick=${() => resend(entry)}>${texts.outbox.sendAgain}<//>`}
      ${isDecision && now && html`<${Button} icon="edit" onClick=${mend}>${texts.outbox.mend}<//>`}
      <${Button} onClick=${() => discard(entry)}>
        ${entry.state === "conflict" ? texts.outbox.useTheirs : texts.outbox.letGo}
      <//>
    </div>
  </li>`;
}
