// The panel beside an example: details with history and note, comparison, training, look-alikes.

import { html } from "../../vendor/preact.js";
import { remembered } from "../../lib/choices.js";
import { texts } from "../../texts.js";
import { Tabs } from "../../ui/field.js";
import { Compare } from "./compare.js";
import { Details } from "./details.js";
import { Similar } from "./similar.js";
import { Statistics } from "./statistics.js";
import { Training } from "./training.js";

export const tab = remembered("review-tab", "details");
const PANELS = { details: Details, compare: Compare, training: Training, similar: Similar, statistics: Statistics };

/** @param {{example: any, task: any}} props */
export function Inspector({ example, task }) {
  const chosen = tab.value in PANELS ? tab.value : "details";
  const Panel = PANELS[chosen];
  const tabs = Object.keys(PANELS).map((name) => [name, texts.review.tabs[name]]);
  return html`<aside class="inspector" aria-label=${texts.review.inspector}>
    <${Tabs} label=${texts.review.inspector} tabs=${tabs} value=${chosen} onChange=${tab.set}>
      ${example || chosen === "statistics"
        ? html`<${Panel} example=${example} task=${task} />`
        : html`<p class="muted">${texts.review.nothingChosen}</p>`}
    <//>
  </aside>`;
}
