// An import under way, and what it came to.

import { html } from "../../vendor/preact.js";
import { duration, number } from "../../lib/format.js";
import { linkTo } from "../../lib/route.js";
import { texts } from "../../texts.js";
import { Button } from "../../ui/button.js";
import { Icon } from "../../ui/icon.js";
import { Failure, Meter } from "../../ui/show.js";

/** @param {{name: string, run: any, onAgain: () => void, onCancel: () => void}} props */
export function Running({ name, run, onAgain, onCancel }) {
  const isUnderWay = run.state === "waiting" || run.state === "running";
  return html`<section class="card" aria-live="polite">
    <h2>${texts.import.states[run.state](name)}</h2>
    ${isUnderWay && html`<${Progress} run=${run} /><div class="row"><${Button} onClick=${onCancel}>${texts.import.stop}<//></div>`}
    ${run.error && html`<${Failure} error=${{ message: run.error, hint: run.hint }} />`}
    ${run.report && html`<${Report} run=${run} />`}
    ${!isUnderWay &&
    html`<div class="row">
      ${run.state === "done" && html`<a class="button tone-primary" href=${linkTo("review", taskOf(run))}><${Icon} name="review" />${texts.import.review}</a>`}
      <${Button} onClick=${onAgain}>${texts.import.again}<//>
    </div>`}
  </section>`;
}

const taskOf = (run) => ({ task: run.report?.files[0]?.task });

function Progress({ run }) {
  const seconds = (Date.now() - run.begun) / 1000;
  const left = run.read > 0 && run.estimated ? ((run.estimated - run.read) * seconds) / run.read : null;
  const most = Math.max(run.estimated ?? 0, run.read);
  return html`
    <${Meter} value=${run.read} most=${most} label=${texts.import.progressLabel} />
    <p class="muted">
      ${texts.import.progress(number(run.read), number(most))}
      ${left !== null && left > 1 && html` · ${texts.import.left(duration(left))}`}
    </p>
  `;
}

function Report({ run }) {
  const files = run.report.files;
  const sum = (name) => files.reduce((all, one) => all + one[name], 0);
  const figures = ["read", "taken", "duplicate", "refused", "accepted"].map((name) => [name, sum(name)]);
  const reasons = files.flatMap((one) => Object.entries(one.reasons));
  const left = files.flatMap((one) => Object.entries(one.left_out));
  const errors = files.filter((one) => one.error);
  return html`
    <dl class="figures">
      ${figures.map(([name, value]) => html`<div key=${name}><dt>${texts.import.figures[name]}</dt><dd class="figure">${number(value)}</dd></div>`)}
    </dl>
    ${errors.map((one) => html`<${Failure} key=${one.file} error=${{ message: one.error, hint: one.hint }} />`)}
    ${left.length > 0 &&
    html`<div>
      <h3>${texts.import.leftOut}</h3>
      <ul>${left.map(([kind, count]) => html`<li key=${kind}><span class="figure">${number(count)}</span> ${kind}</li>`)}</ul>
    </div>`}
    ${reasons.length > 0 &&
    html`<div class="refused">
      <h3>${texts.import.whyRefused}</h3>
      <ul>${reasons.map(([reason, count]) => html`<li key=${reason}><span class="figure">${number(count)}</span> ${reason}</li>`)}</ul>
      ${files[0].hint && html`<p class="hint">${files[0].hint}</p>`}
      <a class="button" href=${`/api/imports/${run.id}/refused`} download><${Icon} name="download" />${texts.import.refusedFile}</a>
    </div>`}
  `;
}
