// The table of examples, however long, and beside it the one that is chosen with everybody's answer.

import { html, signal, useEffect, useRef } from "../../vendor/preact.js";
import { number, score } from "../../lib/format.js";
import { linkTo } from "../../lib/route.js";
import { texts } from "../../texts.js";
import { Select } from "../../ui/field.js";
import { Failure, Waiting } from "../../ui/show.js";
import { at, choose, current, ORDERS, others, scored, view, which } from "./chosen.js";

const words = texts.evaluate;
const ROW = 44;
const SPARE = 12;
const TYPED_MS = 250;
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

export const Examples = () => html`<div class="examples-tab">
  <${Choices} />
  ${scored.error.value && html`<${Failure} error=${scored.error.value} onRetry=${() => scored.begin()} />`}
  <div class="examples-columns"><${Table} /><${Detail} /></div>
</div>`;

function Choices() {
  const { who, order, against, text } = which.value;
  const rest = others();
  const orders = ORDERS.filter((name) => rest.length || (name !== "lost" && name !== "won"));
  const typed = useRef(0);
  const search = (event) => {
    clearTimeout(typed.current);
    const wanted = event.target.value;
    typed.current = setTimeout(() => choose({ text: wanted }), TYPED_MS);
  };
  return html`<div class="row evaluate-choices">
    <${Select} label=${words.whose} value=${who} options=${[who, ...rest].sort().map((name) => [name, name])} onChange=${(name) => choose({ who: name })} />
    <${Select} label=${words.order} value=${order} options=${orders.map((name) => [name, words.orders[name]])} onChange=${(name) => choose({ order: name })} />
    ${(order === "lost" || order === "won") &&
    html`<${Select} label=${words.against} value=${against} options=${rest.map((name) => [name, name])} onChange=${(name) => choose({ against: name })} />`}
    <div class="field is-inline"><label for="evaluate-text">${words.search}</label>
      <input id="evaluate-text" type="search" value=${text} onInput=${search} /></div>
    <p class="muted" role="status">${scored.total.value === null ? "" : words.amount(number(scored.total.value))}</p>
  </div>`;
}

const top = signal(0);
const height = signal(600);

function Table() {
  const box = useRef(null);
  const total = scored.total.value ?? 0;
  const first = Math.max(0, Math.floor(top.value / ROW) - SPARE);
  const last = Math.min(total - 1, Math.ceil((top.value + height.value) / ROW) + SPARE);
  void scored.arrived.value;
  useEffect(() => {
    const look = () => (height.value = box.current?.clientHeight ?? 600);
    look();
    addEventListener("resize", look);
    return () => removeEventListener("resize", look);
  }, []);
  useEffect(() => {
    scored.look(first, last);
  }, [first, last, scored.arrived.value]);
  useEffect(() => {
    // Another list begins at its top.
    if (scored.total.value === null && box.current) box.current.scrollTop = 0;
  }, [scored.total.value]);
  const places = Array.from({ length: Math.max(0, last - first + 1) }, (_, place) => first + place);
  return html`<div
    ref=${box} class="scored" role="grid" tabindex="0" aria-label=${words.examples} aria-rowcount=${total + 1}
    aria-activedescendant=${scored.at(at.value) ? `scored-${at.value}` : undefined}
    onScroll=${(event) => (top.value = event.currentTarget.scrollTop)} onKeyDown=${(event) => step(event, box.current)}
  >
    <div class="scored-head" role="row" aria-rowindex="1">
      ${["score", "asked", "expected", "got"].map((name) => html`<span key=${name} role="columnheader">${words.columns[name]}</span>`)}
    </div>
    ${scored.total.value === null && !scored.error.value && html`<${Waiting} lines=${8} />`}
    ${scored.total.value === 0 && html`<p class="muted scored-none" role="row"><span role="gridcell">${words.noneFits}</span></p>`}
    <div class="scored-rows" role="rowgroup" style=${{ blockSize: `${total * ROW}px` }}>
      ${places.map((place) => html`<${Row} key=${place} place=${place} one=${scored.at(place)} isCurrent=${place === at.value} />`)}
    </div>
  </div>`;
}

function Row({ place, one, isCurrent }) {
  const answer = one?.answers[0];
  return html`<div
    id="scored-${place}" class=${isCurrent ? "scored-row is-current" : "scored-row"} role="row" aria-rowindex=${place + 2}
    aria-selected=${isCurrent} style=${{ insetBlockStart: `${place * ROW}px` }} onClick=${() => (at.value = place)}
  >
    <span role="gridcell" class="figure">${answer && html`<span class="dot band-${answer.band}" aria-hidden="true"></span>${score(answer.score)}<span class="visually-hidden"> ${words.band[answer.band]}</span>`}</span>
    <span role="gridcell" dir="auto">${one?.asked || (one ? words.unknown : "")}</span>
    <span role="gridcell" dir="auto">${one?.expected}</span>
    <span role="gridcell" dir="auto">${answer?.text}</span>
  </div>`;
}

/** Arrows, pages and ends move the choice, and the table with it. */
function step(event, box) {
  const total = scored.total.value ?? 0;
  const page = Math.max(1, Math.floor(height.value / ROW) - 2);
  const wanted = {
    ...Object.fromEntries(Object.entries(STEPS).map(([key, steps]) => [key, at.value + steps])),
    PageDown: at.value + page, PageUp: at.value - page, Home: 0, End: total - 1,
  }[event.key];
  if (wanted === undefined || !total || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  at.value = Math.min(Math.max(wanted, 0), total - 1);
  const begin = at.value * ROW;
  const room = box.clientHeight - 2 * ROW;
  if (begin < box.scrollTop) box.scrollTop = begin;
  else if (begin > box.scrollTop + room) box.scrollTop = begin - room;
}

function Detail() {
  const one = current.value;
  // A place that was jumped to is on its way.
  if (!one) return html`<aside class="card scored-detail" aria-label=${words.detail}>${scored.total.value === 0 ? html`<p class="muted">${words.choose}</p>` : html`<${Waiting} lines=${6} />`}</aside>`;
  const task = view.value.evaluation.task;
  return html`<aside class="card scored-detail" aria-label=${words.detail} tabindex="0">
    <${Part} name=${words.columns.asked} text=${one.asked || words.unknown} />
    <${Part} name=${words.columns.expected} text=${one.expected} />
    ${one.answers.map((answer) => html`<${Part} key=${answer.contender} name=${answer.contender} answer=${answer} text=${answer.text} />`)}
    ${one.is_stored
      ? html`<a class="button" href=${linkTo("review", { task, status: "all", at: one.id })}>${words.openInReview}</a>`
      : html`<p class="muted">${words.notStored}</p>`}
  </aside>`;
}

function Part({ name, text, answer }) {
  return html`<section class="scored-part">
    <h3>${name}${answer && html` <span class="pill"><span class="dot band-${answer.band}" aria-hidden="true"></span>${score(answer.score)} ${words.band[answer.band]}</span>`}</h3>
    <p class="record-text" dir="auto">${text || words.empty}</p>
  </section>`;
}
