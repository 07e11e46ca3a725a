// What training will see of an example: the exact prompt, the tokens, which are learned, which are cut.

import { html, signal } from "../../vendor/preact.js";
import { number } from "../../lib/format.js";
import { search } from "../../lib/api.js";
import { texts } from "../../texts.js";
import { Field } from "../../ui/field.js";
import { Failure, Waiting } from "../../ui/show.js";
import { useLookup } from "./lookup.js";

const asked = signal({ base: "", max_seq_length: "" });

export function Training({ example }) {
  const path = `/examples/${example.id}/training${search(asked.value)}`;
  const { found, error } = useLookup(path, `${example.version}`);
  return html`<div class="panel-parts">
    <${Asking} found=${found} />
    ${error && html`<${Failure} error=${error} />`}
    ${!found && !error && html`<${Waiting} lines=${6} />`}
    ${found && html`<${Seen} found=${found} />`}
  </div>`;
}

function Asking({ found }) {
  const set = (name) => (event) => (asked.value = { ...asked.value, [name]: event.target.value.trim() });
  return html`<div class="field-grid">
    <${Field} label=${texts.training.base}>
      ${(id) => html`<input
        id=${id} type="text" value=${asked.value.base} placeholder=${found?.base ?? ""} autocomplete="off"
        onChange=${set("base")}
      />`}
    <//>
    <${Field} label=${texts.training.length}>
      ${(id) => html`<input
        id=${id} type="number" min="1" value=${asked.value.max_seq_length} onChange=${set("max_seq_length")}
        placeholder=${found ? String(found.max_seq_length) : ""}
      />`}
    <//>
  </div>`;
}

function Seen({ found }) {
  const learned = found.tokens.filter((one) => one.is_learned && one.is_kept).length;
  return html`
    <p class="training-count">
      ${texts.training.count(number(found.count), number(learned), number(found.max_seq_length))}
    </p>
    ${found.is_truncated && html`<p class="problem">${texts.training.cut(number(found.count - found.kept))}</p>`}
    ${found.note && html`<p class="hint">${found.note}</p>`}
    <ul class="legend">
      <li><span class="token">${texts.training.read}</span></li>
      <li><span class="token is-learned">${texts.training.learned}</span></li>
      <li><span class="token is-cut">${texts.training.dropped}</span></li>
    </ul>
    <p class="tokens" dir="ltr" tabindex="0" aria-label=${texts.training.tokens}>
      ${found.tokens.map((one, place) => html`<${Token} key=${place} token=${one} />`)}
    </p>
    <details>
      <summary>${texts.training.asText}</summary>
      <pre class="prompt" tabindex="0">${found.prompt}<ins>${found.answer}</ins></pre>
    </details>
  `;
}

function Token({ token }) {
  const classes = ["token", token.is_learned && "is-learned", !token.is_kept && "is-cut"].filter(Boolean);
  // Spaces and line ends are part of what is learned, so they are shown.
  const text = token.text.replace(/ /g, "·").replace(/\n/g, "⏎\n").replace(/\t/g, "⇥");
  return html`<span class=${classes.join(" ")} title="${token.id}">${text}</span>`;
}
