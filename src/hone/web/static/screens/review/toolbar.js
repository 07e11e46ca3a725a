// The line above the list: task, status, order, search, further conditions, progress, Accept All.

import { batch, html, signal, useLayoutEffect, useRef } from "../../vendor/preact.js";
import { number } from "../../lib/format.js";
import { mayReview, tasks } from "../../lib/session.js";
import { texts } from "../../texts.js";
import { Button, KeyCap } from "../../ui/button.js";
import { Field, Select } from "../../ui/field.js";
import { Icon } from "../../ui/icon.js";
import { Meter } from "../../ui/show.js";
import { ariaKey, keyOf } from "../../lib/keys.js";
import { acceptAll } from "./deciding.js";
import { choose, countersBeside as counters, filter, shown, task } from "./examples.js";
import { further, FURTHER, ORDERS, statusOptions } from "./filter.js";

const TYPING_MS = 250;
const SEARCH_ID = "review-search";
const isOpen = signal(false);
/** Somebody wants to search: the field takes the focus as soon as it is drawn. */
const isSearchWanted = signal(false);

/** Puts the cursor into the search, which narrow screens hide until it is wanted. */
export function startSearch() {
  batch(() => {
    isOpen.value ||= !document.getElementById(SEARCH_ID)?.offsetParent;
    isSearchWanted.value = true;
  });
}

export function Toolbar() {
  const kind = task.value?.kind;
  return html`<div class=${isOpen.value ? "toolbar is-open" : "toolbar"}>
    ${tasks.value.length > 1 &&
    html`<div class="is-spare">
      <${Select}
        label=${texts.review.task} isLabelHidden value=${filter.value.task}
        options=${tasks.value.map((one) => [one.name, one.name])} onChange=${(name) => choose({ task: name })}
      />
    </div>`}
    <${Select}
      label=${texts.review.show} isLabelHidden value=${filter.value.status}
      options=${statusOptions(kind, counters.value)} onChange=${(status) => choose({ status })}
    />
    <div class="is-spare is-order">
      <${Select}
        label=${texts.review.order} isLabelHidden value=${filter.value.order}
        options=${ORDERS.map((one) => [one, texts.review.orders[one]])} onChange=${(order) => choose({ order })}
      />
    </div>
    <${Search} />
    <${Button}
      icon="filter" isQuiet onClick=${() => (isOpen.value = !isOpen.value)} aria-expanded=${isOpen.value}
      aria-controls="review-further"
    >
      ${texts.review.further(further(filter.value))}
    <//>
    <${Progress} />
    <div class="is-spare">
      <${Button} icon="accept" onClick=${acceptAll} isDisabled=${!mayReview.value || !counters.value.pending}>
        ${texts.review.acceptAll}
      <//>
    </div>
    ${isOpen.value && html`<${Further} />`}
  </div>`;
}

function Search() {
  const timer = useRef(0);
  const place = useRef(null);
  useLayoutEffect(() => {
    if (!isSearchWanted.value) return;
    place.current.focus();
    isSearchWanted.value = false;
  }, [isSearchWanted.value]);
  const search = (text) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => choose({ text }), TYPING_MS);
  };
  const leave = (event) => {
    if (event.key === "Enter" || event.key === "Escape") {
      event.preventDefault();
      event.target.blur();
    }
  };
  return html`<div class="search is-spare">
    <${Icon} name="search" />
    <input
      ref=${place} id=${SEARCH_ID} type="search" aria-label=${texts.review.search} placeholder=${texts.review.search}
      value=${filter.value.text} onInput=${(event) => search(event.target.value)} onKeyDown=${leave}
      aria-keyshortcuts=${ariaKey("search")} autocomplete="off"
    />
    ${keyOf("search") && html`<${KeyCap} name=${keyOf("search")} />`}
  </div>`;
}

export function Progress() {
  const found = counters.value;
  const total = Object.values(found).reduce((sum, count) => sum + count, 0);
  const pending = found.pending ?? 0;
  const sentence = texts.review.progress(number(total - pending), number(total), number(pending));
  return html`<div class="progress">
    <span class="progress-text">${sentence}</span>
    <${Meter} value=${total - pending} most=${total} label=${texts.review.progressLabel} />
  </div>`;
}

/** Conditions that are needed now and then; what the loaded examples hold is proposed. */
function Further() {
  const proposed = {
    tag: shown.items.value.flatMap((one) => one.tags),
    file: shown.items.value.map((one) => one.origin.file),
    reviewer: shown.items.value.map((one) => one.reviewer),
  };
  const types = { since: "date", until: "date", min_score: "number", max_score: "number" };
  const set = (name, value) => choose({ [name]: value });
  return html`<div class="further" id="review-further">
    ${FURTHER.map(
      (name) => html`<${Field} key=${name} label=${texts.review.conditions[name]}>
        ${(id) => html`<input
            id=${id} type=${types[name] ?? "text"} value=${filter.value[name]} step="0.05" min="0" max="1"
            list=${proposed[name] ? `${id}-known` : undefined} onChange=${(event) => set(name, event.target.value)}
          />
          ${proposed[name] &&
          html`<datalist id="${id}-known">
            ${[...new Set(proposed[name])].filter(Boolean).map((one) => html`<option key=${one} value=${one} />`)}
          </datalist>`}`}
      <//>`,
    )}
    <${Button} onClick=${() => choose(Object.fromEntries(FURTHER.map((name) => [name, ""])))}>
      ${texts.review.clearFilter}
    <//>
  </div>`;
}

