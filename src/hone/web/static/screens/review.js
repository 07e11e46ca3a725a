// Review: one example at a time, with its list on one side and what is known of it on the other.

import { html, signal, useEffect } from "../vendor/preact.js";
import { download, search } from "../lib/api.js";
import { remembered } from "../lib/choices.js";
import { number } from "../lib/format.js";
import { TAKES, useKeys } from "../lib/keys.js";
import { parked, settle } from "../lib/outbox.js";
import { linkTo, route } from "../lib/route.js";
import { texts } from "../texts.js";
import { Button } from "../ui/button.js";
import { Command, Empty, Failure, Status, Waiting } from "../ui/show.js";
import { announce, notify } from "../ui/toast.js";
import { ParkedHere } from "../ui/parked.js";
import { Actions } from "./review/actions.js";
import { Answer } from "./review/answer.js";
import { candidatesOf } from "./review/answers.js";
import { decide, edit, isEditing, redo, undo } from "./review/deciding.js";
import { isNoteWanted } from "./review/details.js";
import {
  choose, counters, current, filter, isLoaded, listTotal, drawBeside, load, move, open, resync, settled, shown, task,
} from "./review/examples.js";
import { ALL, isNarrow } from "./review/filter.js";
import { Inspector, tab } from "./review/inspector.js";
import { List } from "./review/list.js";
import { Source } from "./review/source.js";
import { startSearch, Toolbar } from "./review/toolbar.js";
import { useTop } from "./review/unscrolled.js";

export const title = texts.screens.review;
const NARROW = "(max-width: 1179px)";

const panel = remembered("review-panel", "shown");
const list = remembered("review-list", "shown");
/** On narrow screens the list and the panel lie over the example, one at a time. */
const drawer = signal(/** @type {"list"|"panel"|null} */ (null));
const isNarrowScreen = () => matchMedia(NARROW).matches;

export default function Review() {
  useEffect(() => {
    open(route.value.params);
  }, [route.value]);
  useKeys(keymap());
  const classes = [
    "review", panel.value === "hidden" && "has-no-panel", list.value === "hidden" && "has-no-list",
    drawer.value && `is-over-${drawer.value}`,
  ];
  return html`<div class=${classes.filter(Boolean).join(" ")}>
    <h1 class="visually-hidden">${texts.screens.review}</h1>
    <${Toolbar} />
    <div class="review-columns">
      <${List} onChosen=${() => (drawer.value = null)} />
      <${Centre} />
      <${Beside} />
    </div>
    ${drawer.value && html`<div class="drawer-veil" onClick=${() => (drawer.value = null)}></div>`}
  </div>`;
}

const Beside = () => html`<${Inspector} example=${settled.value} task=${task.value} />`;

/** Its parts read what they show: a key draws anew what differs from one example to the next. */
const Centre = () => html`<div class="centre">
  <${Head} />
  <${Panes} />
  <${Actions} onNote=${writeNote} />
</div>`;

function Panes() {
  const example = current.value;
  const shownTask = task.value;
  const top = useTop(example?.id ?? "");
  return html`<div class="panes kind-${shownTask?.kind}" ...${top}>
    ${shown.state.value === "failed" && html`<${Failure} error=${shown.error.value} onRetry=${again} />`}
    ${isComing(example) && html`<${Waiting} lines=${8} />`}
    ${example && shownTask && html`<${Source} example=${example} task=${shownTask} /><${Answer} example=${example} task=${shownTask} />`}
    ${!example && !isComing(example) && isLoaded.value && html`<${Nothing} />`}
  </div>`;
}

/** The list again, where one stands; at the first visit where the address leads. */
const again = () => (isLoaded.value ? resync() : open(route.value.params));

/** Whether the next examples are on their way: somebody was faster than the network. */
const isComing = (example) => shown.state.value === "loading" || (!example && shown.hasAfter);

function Head() {
  const toggle = (choice, name) => () => {
    if (isNarrowScreen()) drawer.value = drawer.value === name ? null : name;
    else choice.set(choice.value === "hidden" ? "shown" : "hidden");
  };
  return html`<header class="record-head">
    <${Button} icon="list" isQuiet isIconOnly label=${texts.review.toggleList} onClick=${toggle(list, "list")} />
    <${Place} />
    <${Button} icon="panel" isQuiet isIconOnly label=${texts.review.togglePanel} onClick=${toggle(panel, "panel")} />
    <${OursParked} />
  </header>`;
}

function Place() {
  const example = current.value;
  const kind = task.value?.kind;
  const offset = shown.offset.value;
  const total = listTotal.value;
  const place = offset === null || !example ? null : offset + shown.index.value + 1;
  return html`
    <h2 class="record-place">
      ${texts.review.place(kind, place && number(place), total === null ? null : number(total))}
    </h2>
    ${example && html`<${Status} status=${example.status} kind=${kind} />`}
    <span class="record-tags">${example?.tags.slice(0, 4).map((one) => html`<span key=${one} class="tag">${one}</span>`)}</span>
  `;
}

function OursParked() {
  const ours = parked.value.filter((one) => one.example_id === current.value?.id);
  return ours.length > 0 && html`<${ParkedHere} entries=${ours} />`;
}

/** No example: an empty workspace, a filter that nothing fits, or the end of the list. */
function Nothing() {
  const total = Object.values(counters.value).reduce((sum, one) => sum + one, 0);
  const kind = task.value?.kind;
  if (!total) {
    return html`<${Empty} icon="import" title=${texts.review.emptyTitle} text=${texts.review.emptyText}>
      <a class="button tone-primary" href=${linkTo("import")}>${texts.review.toImport}</a>
    <//>`;
  }
  const isDone = !counters.value.pending;
  if (shown.items.value.length || (isDone && !isNarrow(filter.value) && filter.value.status === "pending")) {
    return html`<${Empty} icon="accept" title=${isDone ? texts.review.allDone : texts.review.endTitle}
      text=${isDone ? texts.review.allDoneText : texts.review.endText(number(counters.value.pending))}>
      ${shown.items.value.length > 0 && html`<${Button} icon="previous" onClick=${() => move(-1)}>${texts.review.back}<//>`}
      ${counters.value.pending > 0 && html`<${Button} tone="primary" onClick=${() => load(null)}>${texts.review.fromStart}<//>`}
      ${isDone && html`<${Command} text=${texts.review.nextCommand} />`}
    <//>`;
  }
  return html`<${Empty} icon="filter" title=${texts.review.nothingFitsTitle} text=${texts.review.nothingFitsText(kind)}>
    <${Button} tone="primary" onClick=${() => choose({ status: ALL, text: "", tag: "", file: "", reviewer: "", since: "", until: "", min_score: "", max_score: "" })}>
      ${texts.review.clearFilter}
    <//>
  <//>`;
}

/** The keys of this screen. */
function keymap() {
  const words = texts.review.actions(task.value?.kind);
  const deciding = (verdict, label) => ({ run: () => decide(verdict), label, repeat: "setting" });
  const takes = TAKES.map((name, place) => [
    name, { run: () => take(place), label: texts.review.takeKey(place + 1) },
  ]);
  return {
    accept: deciding("accept", words.accept), reject: deciding("reject", words.reject),
    edit: { run: edit, label: words.edit },
    skip: { run: () => decide("skip"), label: words.skip },
    flag: { run: () => decide("flag"), label: words.flag },
    unknown: { run: () => decide("unknown"), label: words.unknown },
    note: { run: writeNote, label: words.note },
    previous: { run: () => move(-1), label: words.previous, repeat: "always" },
    next: { run: () => move(1), label: words.next, repeat: "always" },
    undo: { run: undo, label: words.undo }, undoAlso: { run: undo, label: words.undo },
    redo: { run: redo, label: words.redo },
    search: { run: startSearch, label: texts.review.search },
    compare: { run: () => show("compare"), label: texts.review.tabs.compare },
    training: { run: () => show("training"), label: texts.review.tabs.training },
    similar: { run: () => show("similar"), label: texts.review.tabs.similar },
    saveEdit: { run: () => isEditing.value && decide("edit"), label: texts.review.saveAndNext, whileTyping: true },
    save: { run: save, label: texts.review.saveKey, whileTyping: true },
    leave: { run: leave, label: texts.review.leaveKey, whileTyping: true },
    ...Object.fromEntries(takes),
  };
}

/** @param {number} place */
function take(place) {
  const example = current.value;
  const found = example && candidatesOf(example)[place];
  if (found) decide("accept", { output: found.output });
}

/** @param {string} name */
function show(name) {
  tab.set(name);
  panel.set("shown");
  if (isNarrowScreen()) drawer.value = "panel";
  announce(texts.review.tabs[name]);
}

function writeNote() {
  drawBeside();
  show("details");
  isNoteWanted.value = true;
}

/** While editing, the edit; otherwise the whole session as a file. */
async function save() {
  if (isEditing.value) {
    decide("edit", { isStaying: true });
    return;
  }
  try {
    await settle();
    download(`/sessions/file${search({ task: filter.value.task, current: current.value?.id })}`);
    notify(texts.review.sessionSaved, { tone: "ok" });
  } catch {
    notify(texts.review.notWhileOffline, { tone: "bad" });
  }
}

function leave() {
  isEditing.value = false;
  drawer.value = null;
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}
