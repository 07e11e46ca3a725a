// The list beside the example: what is in memory around the current one.

import { html, useEffect, useRef } from "../../vendor/preact.js";
import { excerpt } from "../../lib/format.js";
import { parked } from "../../lib/outbox.js";
import { texts } from "../../texts.js";
import { Button } from "../../ui/button.js";
import { StatusMark } from "../../ui/show.js";
import { hasDraft } from "./deciding.js";
import { goTo, listed, shown, task } from "./examples.js";

const MARGIN = 8;

/** @param {{onChosen?: () => void}} props */
export function List({ onChosen }) {
  const { items, index } = listed.value;
  const place = useRef(null);
  useEffect(() => {
    bringIntoView(place.current?.children[index]);
  }, [index, items[0]?.id]);
  const choose = (event) => {
    const row = event.target.closest("li");
    if (!row) return;
    // The list is drawn a frame later than the example: places may have shifted since.
    goTo(shown.find(items[[...place.current.children].indexOf(row)].id));
    onChosen?.();
  };
  const waiting = new Set(parked.value.map((one) => one.example_id));
  return html`<nav class="list" aria-label=${texts.review.list}>
    <ol class="list-rows" ref=${place} onClick=${choose}>
      ${items.map((one, at) => rowOf(one, {
        isCurrent: at === index, isDraft: hasDraft(one), isParked: waiting.has(one.id), kind: task.value?.kind,
      }))}
    </ol>
    ${shown.hasAfter &&
    html`<${Button} isQuiet onClick=${() => goTo(shown.items.value.length - 1)}>${texts.review.goFurther}<//>`}
  </nav>`;
}

/** Scrolls the list alone; the page and the place where Tab goes on stay as they are. */
function bringIntoView(row) {
  const box = row?.closest(".list");
  if (!box) return;
  const end = row.offsetTop + row.offsetHeight - box.clientHeight;
  if (row.offsetTop < box.scrollTop + MARGIN) box.scrollTop = row.offsetTop - MARGIN;
  else if (end > box.scrollTop - MARGIN) box.scrollTop = end + MARGIN;
}

/** Example -> its row as it was drawn last: a key changes two of them, not a hundred. */
const drawn = new WeakMap();

function rowOf(example, shape) {
  const before = drawn.get(example);
  const name = Object.values(shape).join();
  if (before?.name === name) return before.row;
  const row = html`<${Row} key=${example.id} example=${example} ...${shape} />`;
  drawn.set(example, { name, row });
  return row;
}

function Row({ example, kind, isCurrent, isDraft, isParked }) {
  return html`<li>
    <button type="button" class="list-row" aria-current=${isCurrent ? "true" : undefined}>
      <${StatusMark} status=${isParked ? "flagged" : example.status} kind=${kind} />
      <span class="list-text" dir="auto">${excerpt(example) || texts.review.noText}</span>
      ${isDraft && html`<span class="list-draft">${texts.review.draft}</span>`}
    </button>
  </li>`;
}
