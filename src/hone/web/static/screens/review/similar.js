// Look-alikes of an example: the same, nearly the same, of the same group; decided together.

import { html, signal, useEffect } from "../../vendor/preact.js";
import { excerpt, percent } from "../../lib/format.js";
import { mayReview } from "../../lib/session.js";
import { texts } from "../../texts.js";
import { Button } from "../../ui/button.js";
import { Failure, StatusMark, Waiting } from "../../ui/show.js";
import { decideMany } from "./deciding.js";
import { reach } from "./examples.js";
import { useLookup } from "./lookup.js";

const chosen = signal(new Set());

export function Similar({ example, task }) {
  const { found, error } = useLookup(`/examples/${example.id}/similar`, `${example.version}`);
  useEffect(() => {
    chosen.value = new Set();
  }, [example.id]);
  if (error) return html`<${Failure} error=${error} />`;
  if (!found) return html`<${Waiting} lines=${4} />`;
  const near = found.near.map((one) => ({ ...one.example, similarity: one.similarity }));
  // What is nearly the same is often of the same group too: it stands once, where it is nearest.
  const seen = new Set([example.id]);
  const parts = [["same", found.same], ["near", near], ["group", found.group]].map(([name, some]) => [
    name, some.filter((one) => !seen.has(one.id) && seen.add(one.id)),
  ]);
  const all = parts.flatMap(([, some]) => some.map((one) => one.id));
  if (!all.length) return html`<p class="muted">${texts.similar.none}</p>`;
  return html`<div class="panel-parts">
    <${Together} all=${all} kind=${task.kind} />
    ${parts.map(([name, some]) => some.length > 0 && html`<section key=${name} aria-label=${texts.similar[name]}>
      <h3 class="pane-title">${texts.similar[name]}</h3>
      <ul class="similar-rows">${some.map((one) => html`<${Row} key=${one.id} example=${one} kind=${task.kind} />`)}</ul>
    </section>`)}
    ${found.has_more && html`<p class="muted">${texts.similar.more}</p>`}
  </div>`;
}

function Together({ all, kind }) {
  const ids = all.filter((id) => chosen.value.has(id));
  const decide = async (verdict) => {
    const question = (count) => ({
      title: texts.similar.title(verdict, count, kind), text: texts.similar.text,
      confirm: texts.similar.confirm(verdict, count, kind), tone: verdict === "accept" ? "ok" : "bad",
    });
    if (await decideMany(verdict, { ids }, question)) chosen.value = new Set();
  };
  const isLocked = !ids.length || !mayReview.value;
  const isWhole = ids.length === all.length;
  return html`<div class="row together">
    <label class="check">
      <input type="checkbox" checked=${isWhole} onChange=${() => (chosen.value = new Set(isWhole ? [] : all))} />
      ${texts.similar.chosen(ids.length, all.length)}
    </label>
    <${Button} tone="ok" icon="accept" isDisabled=${isLocked} onClick=${() => decide("accept")}>${texts.similar.accept}<//>
    <${Button} tone="bad" icon="reject" isDisabled=${isLocked} onClick=${() => decide("reject")}>${texts.similar.reject}<//>
  </div>`;
}

function Row({ example, kind }) {
  const change = (event) => {
    const found = new Set(chosen.value);
    if (event.target.checked) found.add(example.id);
    else found.delete(example.id);
    chosen.value = found;
  };
  return html`<li class="similar-row">
    <label class="check">
      <input type="checkbox" checked=${chosen.value.has(example.id)} onChange=${change} />
      <span class="visually-hidden">${texts.similar.choose(excerpt(example))}</span>
    </label>
    <button type="button" class="similar-text" onClick=${() => reach(example.id)}>
      <${StatusMark} status=${example.status} kind=${kind} />
      <span dir="auto">${excerpt(example)}</span>
    </button>
    ${example.similarity !== undefined && html`<span class="figure">${percent(example.similarity)}</span>`}
  </li>`;
}
