// What the rules and the active model found in a message, predicted ahead: one, or both compared.

import { html, signal, useEffect } from "../../vendor/preact.js";
import { get, post } from "../../lib/api.js";
import { remembered } from "../../lib/choices.js";
import { mayTrain } from "../../lib/session.js";
import { listenTo } from "../../lib/stream.js";
import { texts } from "../../texts.js";
import { Button } from "../../ui/button.js";
import { recordsOf } from "./answers.js";
import { listed } from "./examples.js";

const BESIDE = 25;
const MOST_KEPT = 2000;
const AGAIN_MS = 3000;
const SETTLED_MS = 120;
/** The ways to answer of each choice. */
const CHOICES = { rules: ["rules"], model: ["model"], both: ["rules", "model"] };

const choice = remembered("review-method", "rules");
/** How far each way is, of the task that was asked about. @type {any} */
const standing = signal(null);
/** Example -> what was predicted for it; a whole page comes at once, so that switching asks nobody. */
const kept = new Map();
const arrivals = signal(0);

/** @param {{example: any, task: any}} props */
export function Method({ example, task }) {
  useFresh(task.name, example.id);
  void arrivals.value;
  const found = standing.value?.task === task.name ? standing.value : null;
  const known = kept.get(example.id);
  const wanted = choice.value in CHOICES ? choice.value : "rules";
  const chosen = wanted !== "rules" && !isOpen(found, "model") ? "rules" : wanted;
  const shown = CHOICES[chosen];
  return html`<section class="method" aria-label=${texts.method.label}>
    <div class="method-choices" role="group" aria-label=${texts.method.label}>
      ${Object.keys(CHOICES).map(
        (name) => html`<${Button}
          key=${name} isQuiet=${name !== chosen} aria-pressed=${String(name === chosen)}
          isDisabled=${name !== "rules" && !isOpen(found, "model")} onClick=${() => choice.set(name)}
        >${texts.method.choices[name]}<//>`,
      )}
    </div>
    ${found?.ways.map((way) => html`<${Standing} key=${way.way} way=${way} task=${task.name} />`)}
    ${found?.waiting.map(
      (one) => html`<p key=${one.ref} class="hint">${texts.method.waits(one.ref, one.says)} ${one.reasons.join(" ")} ${one.hint}</p>`,
    )}
    <div class="method-columns">
      ${shown.map(
        (way) => html`<${Column}
          key=${way} way=${way} task=${task} answer=${known?.[way]}
          other=${shown.length > 1 ? known?.[way === "rules" ? "model" : "rules"] : null}
        />`,
      )}
    </div>
  </section>`;
}

/** Whether a way can be chosen: all of it is there. */
const isOpen = (found, way) => found?.ways.some((one) => one.way === way && one.state === "ready");

/** Why a way cannot be chosen, and what helps. */
function Standing({ way, task }) {
  if (way.state === "ready") return null;
  const begin = async () => take(task, await post("/predictions", { task, method: way.way }), []);
  return html`<p class="hint method-standing" role="status">
    ${texts.method.choices[way.way]}: ${way.says} ${way.state !== "computing" && way.hint}
    ${mayTrain.value && ["absent", "stopped"].includes(way.state) && html`<${Button} onClick=${begin}>${texts.method.begin}<//>`}
  </p>`;
}

function Column({ way, task, answer, other }) {
  return html`<div class="compare-column method-column" data-way=${way}>
    <h3 class="pane-title">${texts.method.choices[way]}</h3>
    ${answer && html`<p class="muted">${answer.by}${answer.is_stale && ` · ${texts.method.stale}`}</p>`}
    ${!answer && html`<p class="muted">${texts.method.none}</p>`}
    ${answer?.problems.map((one) => html`<p key=${one} class="problem">${one}</p>`)}
    ${answer && html`<${Found} task=${task} output=${answer.output} other=${other} />`}
  </div>`;
}

function Found({ task, output, other }) {
  const records = output === null ? [] : recordsOf(task, output);
  const others = other && other.output !== null ? recordsOf(task, other.output) : [];
  if (!records.length) return html`<p class="muted">${texts.review.noRecords}</p>`;
  return records.map(
    (record, place) => html`<dl key=${place} class="method-record">
      ${Object.keys(task.fields).map((name) => {
        const differs = other && shownValue(record[name]) !== shownValue(others[place]?.[name]);
        return html`<div key=${name} class=${differs ? "is-different" : ""}>
          <dt>${name}</dt>
          <dd dir="auto">${shownValue(record[name]) || "–"}${differs && html` <span class="pill">${texts.method.differs}</span>`}</dd>
        </div>`;
      })}
    </dl>`,
  );
}

/** @param {any} value */
const shownValue = (value) => (value === null || value === undefined ? "" : String(value));

/** Brings the examples around the open one, and how far the rest is, again while that changes. */
function useFresh(task, id) {
  const isKnown = kept.has(id);
  useEffect(() => {
    if (isKnown) return undefined;
    const timer = setTimeout(() => look(task, around(id)), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [task, id, isKnown]);
  useEffect(() => {
    const again = () => {
      kept.clear();
      look(task, []);
    };
    again();
    const stops = ["models", "resync"].map((type) => listenTo(type, again));
    const timer = setInterval(() => isMoving(task) && look(task, []), AGAIN_MS);
    return () => {
      clearInterval(timer);
      stops.forEach((stop) => stop());
    };
  }, [task]);
}

const isMoving = (task) =>
  standing.value?.task !== task || standing.value.ways.some((one) => one.state === "computing");

/** The ids of the open example and of those beside it in the list. @param {string} id */
function around(id) {
  const { items, index } = listed.value;
  const beside = items.slice(Math.max(0, index - BESIDE), index + BESIDE).map((one) => one.id);
  return [id, ...beside.filter((one) => one !== id)].slice(0, 2 * BESIDE);
}

/** @param {string} task @param {string[]} ids */
async function look(task, ids) {
  const found = await get("/predictions", { task, id: ids }).catch(() => null);
  if (found) take(task, found, ids);
}

/** @param {string} task @param {any} found @param {string[]} ids */
function take(task, found, ids) {
  const before = standing.value?.task === task ? standing.value : null;
  // Answers that were looked up before the others came are not the last word.
  const hasMoved = before && stateOf(before) !== stateOf(found);
  if (hasMoved) kept.clear();
  for (const id of ids) kept.set(id, found.answers[id]);
  while (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
  standing.value = { ...found, waiting: ids.length ? (before?.waiting ?? []) : found.waiting };
  arrivals.value += 1;
}

const stateOf = (found) => found.ways.map((one) => `${one.by} ${one.state}`).join();
