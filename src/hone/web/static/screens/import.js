// Import: drop a file, see what Hone takes it for, correct that, watch it come in.

import { html, signal, useEffect } from "../vendor/preact.js";
import { get, post, search, upload } from "../lib/api.js";
import { percent, size } from "../lib/format.js";
import { mayReview, refreshTasks } from "../lib/session.js";
import { listenTo } from "../lib/stream.js";
import { texts } from "../texts.js";
import { Button } from "../ui/button.js";
import { Icon } from "../ui/icon.js";
import { Failure, Meter, Waiting } from "../ui/show.js";
import { notify } from "../ui/toast.js";
import { Plan } from "./import/plan.js";
import { Running } from "./import/running.js";

const LOOK_MS = 1000;
/** Where this tab remembers an import that runs, so that a reload finds it again. */
const RUNNING = "hone:import";

/** What was asked: the file that lies on the server, and what the person said about it. */
const asked = signal(/** @type {any} */ (null));
const plan = signal(/** @type {any} */ (null));
const share = signal(/** @type {number|null} */ (null));
const running = signal(/** @type {any} */ (null));
const error = signal(/** @type {any} */ (null));
let count = 0;

export default function Import() {
  useEffect(() => {
    findAgain();
    return listenTo("import", hear);
  }, []);
  return html`<div class="page import">
    <header class="page-head">
      <h1>${texts.screens.import}</h1>
      <p class="muted">${texts.import.about}</p>
    </header>
    ${error.value && html`<${Failure} error=${error.value} />`}
    ${!asked.value && html`<${Drop} />`}
    ${asked.value && !running.value && html`<${Chosen} />`}
    ${asked.value && !plan.value && !running.value && !error.value && html`<${Waiting} lines=${6} />`}
    ${plan.value && !running.value &&
    html`<${Plan} plan=${plan.value} asked=${asked.value} onChange=${change} onStart=${start} />`}
    ${running.value && html`<${Running} name=${asked.value.name} run=${running.value} onAgain=${again} onCancel=${cancel} />`}
  </div>`;
}

function Drop() {
  const drop = (event) => {
    event.preventDefault();
    event.currentTarget.classList.remove("is-over");
    const [file, ...others] = event.dataTransfer.files;
    if (others.length) notify(texts.import.oneByOne(file.name));
    if (file) take(file);
  };
  const over = (isIn) => (event) => {
    event.preventDefault();
    event.currentTarget.classList.toggle("is-over", isIn);
  };
  return html`<div class="drop" onDrop=${drop} onDragOver=${over(true)} onDragLeave=${over(false)}>
    ${share.value === null
      ? html`
          <span class="empty-icon"><${Icon} name="import" size=${28} /></span>
          <p class="drop-title">${texts.import.drop}</p>
          <p class="muted">${texts.import.kinds}</p>
          <label class="button tone-primary ${mayReview.value ? "" : "is-disabled"}">
            <${Icon} name="upload" />${texts.import.choose}
            <input
              type="file" class="visually-hidden" disabled=${!mayReview.value}
              onChange=${(event) => event.target.files[0] && take(event.target.files[0])}
            />
          </label>
        `
      : html`<p class="drop-title">${texts.import.uploading(percent(share.value))}</p>
          <${Meter} value=${share.value} most=${1} label=${texts.import.uploadLabel} />`}
  </div>`;
}

const Chosen = () => html`<div class="chosen card">
  <${Icon} name="import" />
  <p><strong>${asked.value.name}</strong> <span class="muted">${size(asked.value.bytes)}</span></p>
  <${Button} onClick=${again}>${texts.import.other}<//>
</div>`;

/** @param {File} file */
async function take(file) {
  error.value = null;
  share.value = 0;
  try {
    const found = await upload(`/imports/files${search({ name: file.name })}`, file, (done) => (share.value = done));
    asked.value = { ...found, task: null, shape: null, mapping: {}, options: {}, new_task: null, accept_as_me: false };
    await propose();
  } catch (failed) {
    error.value = failed;
  } finally {
    share.value = null;
  }
}

/** What the person says about the file; the plan is made anew. @param {any} said */
async function change(said) {
  asked.value = { ...asked.value, ...said };
  if (Object.keys(said).some((name) => name !== "accept_as_me")) await propose();
}

async function propose() {
  const turn = ++count;
  try {
    const found = await post("/imports/plan", request());
    if (turn !== count) return;
    plan.value = found;
    error.value = null;
  } catch (failed) {
    if (turn === count) error.value = failed;
  }
}

function request() {
  const { upload: id, task, shape, mapping, options, new_task } = asked.value;
  return { upload: id, task, shape, mapping, options, new_task };
}

async function start() {
  error.value = null;
  try {
    const { import: id } = await post("/imports", { ...request(), accept_as_me: asked.value.accept_as_me });
    running.value = { id, state: "waiting", read: 0, estimated: plan.value.files[0].estimated_rows, begun: Date.now() };
    sessionStorage.setItem(RUNNING, JSON.stringify({ id, asked: asked.value, begun: Date.now() }));
    look();
  } catch (failed) {
    error.value = failed;
  }
}

/** Asks how far it is, until it is done; the events make it smoother, this makes it sure. */
async function look() {
  const run = running.value;
  if (!run || !isUnderWay(run)) return;
  try {
    merge(await get(`/imports/${run.id}`));
    error.value = null;
  } catch (failed) {
    if (failed.status === 404) again(); // swept away, or of another workspace
    error.value = failed;
  }
  setTimeout(look, LOOK_MS);
}

/** @param {any} run */
const isUnderWay = (run) => run.state === "waiting" || run.state === "running";

/** After a reload: the import went on without us. */
function findAgain() {
  const kept = sessionStorage.getItem(RUNNING);
  if (!kept || running.value) return;
  const found = JSON.parse(kept);
  asked.value = found.asked;
  running.value = { id: found.id, state: "waiting", read: 0, estimated: null, begun: found.begun };
  look();
}

async function cancel() {
  try {
    merge(await post(`/imports/${running.value.id}/cancel`, {}));
  } catch (failed) {
    error.value = failed;
  }
}

/** @param {any} news */
function hear(news) {
  if (running.value && (news.import ?? news.id) === running.value.id) merge(news);
}

/** @param {any} news */
function merge(news) {
  const before = running.value;
  if (!before || !isUnderWay(before)) return;
  running.value = { ...before, ...news, id: before.id };
  if (running.value.state === "done") refreshTasks();
}

function again() {
  sessionStorage.removeItem(RUNNING);
  asked.value = null;
  plan.value = null;
  running.value = null;
  error.value = null;
}
