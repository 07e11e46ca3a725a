// Evaluate: how good the answers are, who wrote better ones, and every example behind the figures.

import { html, useEffect } from "../vendor/preact.js";
import { moment, number, score } from "../lib/format.js";
import { route } from "../lib/route.js";
import { listenTo } from "../lib/stream.js";
import { texts } from "../texts.js";
import { Select, Tabs } from "../ui/field.js";
import { Command, Empty, Failure, Waiting } from "../ui/show.js";
import { error, lines, open, show, tab, view, which } from "./evaluate/chosen.js";
import { Corrections } from "./evaluate/corrections.js";
import { Comparison } from "./evaluate/comparison.js";
import { Examples } from "./evaluate/examples.js";
import { Flags } from "./evaluate/flags.js";
import { Quick } from "./evaluate/quick.js";
import { Summary } from "./evaluate/summary.js";

const words = texts.evaluate;
const TABS = { examples: Examples, flags: Flags, corrections: Corrections, compare: Comparison };

export default function Evaluate() {
  useEffect(() => {
    open(route.value.params);
    const stops = ["job", "resync"].map((type) => listenTo(type, () => open(route.value.params)));
    return () => stops.forEach((stop) => stop());
  }, [route.value]);
  return html`<div class="page evaluate">
    <header class="page-head"><h1>${texts.screens.evaluate}</h1></header>
    <${Quick} />
    ${error.value && html`<${Failure} error=${error.value} onRetry=${() => open(route.value.params)} />`}
    ${!lines.value && !error.value && html`<${Waiting} lines=${8} />`}
    ${lines.value && !lines.value.length && html`<${Empty} title=${words.none} text=${words.noneText} icon="evaluate">
      <${Command} text="hone evaluate MODEL" />
    <//>`}
    ${lines.value?.length > 0 && html`<${Chosen} />`}
    ${view.value && html`<${Summary} />
      <${Tabs} label=${texts.screens.evaluate} value=${tab.value} onChange=${(name) => tab.set(name)}
        tabs=${[["examples", words.examples], ["flags", texts.flags.title], ["corrections", texts.corrections.title], ["compare", words.compare]]}
      >
        <${TABS[tab.value] ?? Examples} />
      <//>`}
  </div>`;
}

const Chosen = () => html`<div class="evaluate-chosen">
  <${Select} label=${words.evaluation} value=${which.value.id} options=${lines.value.map((one) => [one.id, lineOf(one)])}
    onChange=${(id) => show(id)} />
</div>`;

/** @param {any} one */
function lineOf(one) {
  const size = one.sample === null ? words.amount(number(one.examples)) : words.sample(number(one.sample));
  return `${one.model} · ${one.on} · ${size} · ${one.score ? score(one.score.value) : "–"} · ${moment(one.at)}`;
}
