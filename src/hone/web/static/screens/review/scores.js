// The dimensions of a score task: a slider and a number each, with the tiers beside them.

import { html, useLayoutEffect, useId, useRef } from "../../vendor/preact.js";
import { mayReview } from "../../lib/session.js";
import { texts } from "../../texts.js";
import { namesOf, tierOf } from "./answers.js";
import { isEditing } from "./deciding.js";

const STEPS = 20;

/** @param {{task: any, output: any, onChange: (output: any) => void}} props */
export function Scores({ task, output, onChange }) {
  const place = useRef(null);
  const labels = output?.labels ?? {};
  useLayoutEffect(() => {
    const isInside = place.current.contains(document.activeElement);
    if (isEditing.value && !isInside) place.current.querySelector("input")?.focus();
  }, [isEditing.value]);
  const change = (name, value) => onChange({ labels: { ...labels, [name]: value } });
  return html`<div class="scores" ref=${place}>
    ${namesOf(task).map(
      (name) => html`<${Dimension}
        key=${name} name=${name} value=${labels[name]} task=${task} onChange=${(value) => change(name, value)}
      />`,
    )}
    <${Tier} task=${task} labels=${labels} />
  </div>`;
}

function Dimension({ name, value, task, onChange }) {
  const id = useId();
  const [lowest, highest] = task.scale;
  const isKnown = typeof value === "number";
  const about = (task.dimensions ?? []).find((one) => one.name === name)?.description;
  const set = (event) => onChange(Number(event.target.value));
  const typed = (event) => event.target.value !== "" && set(event);
  return html`<div class=${isKnown ? "dimension" : "dimension is-unknown"}>
    <label for=${id}>${name}</label>
    <input
      id=${id} type="range" min=${lowest} max=${highest} step=${(highest - lowest) / STEPS}
      value=${isKnown ? value : (lowest + highest) / 2} onInput=${set} disabled=${!mayReview.value}
      aria-valuetext=${isKnown ? String(value) : texts.review.notScored}
    />
    <input
      type="number" class="is-figure" min=${lowest} max=${highest} step="any" value=${isKnown ? value : ""}
      placeholder="–" onInput=${typed} disabled=${!mayReview.value} aria-label=${texts.review.scoreOf(name)}
    />
    ${about && html`<p class="field-about">${about}</p>`}
  </div>`;
}

/** The tier of the mean, weighted as the filter says; only where every dimension is scored. */
function Tier({ task, labels }) {
  if (!task.tiers?.length) return null;
  const names = namesOf(task);
  const weightOf = (name) => task.dimensions.find((one) => one.name === name)?.weight ?? 1;
  const isWhole = names.every((name) => typeof labels[name] === "number");
  const weights = names.reduce((sum, name) => sum + weightOf(name), 0);
  const mean = isWhole ? names.reduce((sum, name) => sum + weightOf(name) * labels[name], 0) / weights : null;
  const found = mean === null ? "" : tierOf(task.tiers, mean);
  return html`<div class="tier">
    <span class="pane-title">${texts.review.tier}</span>
    <ol class="tiers">
      ${task.tiers.map(
        (tier) => html`<li key=${tier.name} class=${tier.name === found ? "is-found" : ""} aria-current=${tier.name === found ? "true" : undefined}>
          ${tier.name}${typeof tier.below === "number" && html`<span class="muted">${texts.review.below(tier.below)}</span>`}
        </li>`,
      )}
    </ol>
    <span class="figure">${mean === null ? "–" : mean.toFixed(1)}</span>
  </div>`;
}
