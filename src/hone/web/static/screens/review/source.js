// What is reviewed: the question with its passages, the message, the article, the conversation.

import { html } from "../../vendor/preact.js";
import { number, score } from "../../lib/format.js";
import { texts } from "../../texts.js";
import { Icon } from "../../ui/icon.js";
import { Method } from "./method.js";
import { useTop } from "./unscrolled.js";

/** @param {{example: any, task: any}} props */
export function Source({ example, task }) {
  const Shown = { qa: Question, extract: Message, score: Article, chat: Conversation }[task.kind];
  const top = useTop(example.id);
  return html`<section
    class="pane source" aria-label=${texts.review.source(task.kind)} tabindex="0" ...${top}
  >
    <${Shown} input=${example.input} task=${task} />
    ${task.kind === "extract" && html`<${Method} example=${example} task=${task} />`}
    <${Passages} key=${example.id} passages=${example.context} />
  </section>`;
}

const Question = ({ input }) => html`
  <h2 class="pane-title">${texts.review.question}</h2>
  <p class="record-text is-question" dir="auto">${input.question}</p>
`;

const Message = ({ input }) => html`
  <h2 class="pane-title">${texts.review.message}</h2>
  <p class="record-text is-message" dir="auto">${input.message}</p>
`;

const Article = ({ input }) => html`
  <h2 class="pane-title">${texts.review.article}</h2>
  ${input.title && html`<p class="article-title" dir="auto">${input.title}</p>`}
  <p class="record-text" dir="auto">${input.content}</p>
`;

function Conversation({ input, task }) {
  const own = task.roles?.at(-1) ?? "assistant";
  return html`
    <h2 class="pane-title">${texts.review.conversation}</h2>
    <ol class="turns">
      ${(input.messages ?? []).map(
        (turn, place) => html`<li key=${place} class=${turn.role === own ? "turn is-own" : `turn is-${turn.role}`}>
          <span class="turn-role">${turn.role}</span>
          <p class="record-text" dir="auto">${turn.content}</p>
        </li>`,
      )}
    </ol>
  `;
}

function Passages({ passages }) {
  if (!passages.length) return null;
  return html`<div class="passages">
    <h2 class="pane-title">${texts.review.passages(passages.length)}</h2>
    ${passages.map(
      (passage, place) => html`<details key=${place} class="passage" open=${place < 3}>
        <summary>
          <span class="passage-name">${place + 1} · ${passage.source ?? texts.review.passage}</span>
          ${passage.is_golden &&
          html`<span class="pill status-accepted"><${Icon} name="accept" size=${14} />${texts.review.golden}</span>`}
          ${typeof passage.score === "number" && html`<span class="muted">${score(passage.score)}</span>`}
          ${typeof passage.page === "number" && html`<span class="muted">${texts.review.page(number(passage.page))}</span>`}
        </summary>
        <p class="record-text" dir="auto">${passage.text}</p>
      </details>`,
    )}
  </div>`;
}
