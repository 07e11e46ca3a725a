// What was suggested, side by side: the first stands as it is, the others show what differs.

import { html } from "../../vendor/preact.js";
import { score } from "../../lib/format.js";
import { mayReview } from "../../lib/session.js";
import { texts } from "../../texts.js";
import { Button } from "../../ui/button.js";
import { Diff, Failure, Waiting } from "../../ui/show.js";
import { decide } from "./deciding.js";
import { current } from "./examples.js";
import { useLookup } from "./lookup.js";

export function Compare({ example }) {
  const { found, error } = useLookup(`/examples/${example.id}/comparison`, comparedVersion(example));
  if (error) return html`<${Failure} error=${error} />`;
  if (!found) return html`<${Waiting} lines=${5} />`;
  const { columns } = found;
  if (!columns.length) return html`<p class="muted">${texts.review.nothingToCompare}</p>`;
  return html`<div class="compare">
    ${columns.length === 1 && html`<p class="muted">${texts.review.onlyOne}</p>`}
    ${columns.map((column, place) => html`<${Column} key=${place} ...${{ column, place, example }} />`)}
  </div>`;
}

function Column({ column, place, example }) {
  // The panel follows the example by a blink: what it shows is only taken for what it belongs to.
  const take = () => example.id === current.value?.id && decide("accept", { output: column.output });
  return html`<section class="compare-column" aria-label=${column.agent}>
    <div class="pane-head">
      <h3 class="pane-title">${column.agent}</h3>
      ${typeof column.score === "number" && html`<span class="figure">${score(column.score)}</span>`}
      <${Button}
        action="take${place + 1}" onClick=${take}
        isDisabled=${!mayReview.value}
      >
        ${texts.review.take}
      <//>
    </div>
    <p class="record-text" dir="auto">
      ${place === 0 ? column.text : html`<${Diff} parts=${column.diff} />`}
    </p>
  </section>`;
}

/** What the comparison depends on: which answers there are. */
const comparedVersion = (example) => `${example.version}-${example.suggestions.length}`;
