// Settings: how it looks, the keys, the session file, the workspace.

import { html, signal, useEffect, useState } from "../vendor/preact.js";
import { download, get, post, put } from "../lib/api.js";
import { settle } from "../lib/outbox.js";
import { go } from "../lib/route.js";
import { mayManage, mayReview, session, signOut, tasks } from "../lib/session.js";
import { texts } from "../texts.js";
import { Button } from "../ui/button.js";
import { Select } from "../ui/field.js";
import { Icon } from "../ui/icon.js";
import { Failure, Waiting } from "../ui/show.js";
import { setTheme, theme } from "../ui/shell.js";
import { notify, notifyError } from "../ui/toast.js";
import { Keyboard } from "./settings/keyboard.js";
import { Service } from "./settings/service.js";

const rows = signal(/** @type {any} */ (null));
const error = signal(/** @type {any} */ (null));
const task = signal("");

async function look() {
  try {
    rows.value = await get("/settings");
    error.value = null;
  } catch (failed) {
    error.value = failed;
  }
}

export default function Settings() {
  useEffect(() => {
    look();
  }, []);
  return html`<div class="page settings">
    <header class="page-head"><h1>${texts.screens.settings}</h1></header>
    <div class="settings-columns">
      <div class="settings-column">
        <${Appearance} />
        <${SessionFile} />
        <${Service} />
        <${Person} />
      </div>
      <${Keyboard} />
    </div>
    <${Workspace} />
  </div>`;
}

const Appearance = () => html`<section class="card" aria-labelledby="settings-look">
  <h2 id="settings-look">${texts.settings.look}</h2>
  <div class="segments" role="radiogroup" aria-label=${texts.theme.label}>
    ${["auto", "light", "dark"].map(
      (name) => html`<label key=${name}>
        <input type="radio" name="theme" checked=${theme.value === name} onChange=${() => setTheme(name)} />
        <span><${Icon} name=${{ auto: "auto", light: "sun", dark: "moon" }[name]} />${texts.theme.names[name]}</span>
      </label>`,
    )}
  </div>
</section>`;

function SessionFile() {
  const chosen = task.value || session.value.default_task;
  const save = async () => {
    try {
      await settle();
      download(`/sessions/file?task=${encodeURIComponent(chosen)}`);
    } catch {
      notify(texts.review.notWhileOffline, { tone: "bad" });
    }
  };
  return html`<section class="card" aria-labelledby="settings-session">
    <h2 id="settings-session">${texts.settings.session}</h2>
    <p class="muted">${texts.settings.sessionAbout}</p>
    <div class="row">
      ${tasks.value.length > 1 &&
      html`<${Select} label=${texts.review.task} isLabelHidden value=${chosen} options=${tasks.value.map((one) => [one.name, one.name])}
        onChange=${(name) => (task.value = name)} />`}
      <${Button} icon="download" onClick=${save}>${texts.settings.save}<//>
      <label class="button ${mayReview.value ? "" : "is-disabled"}">
        <${Icon} name="upload" />${texts.settings.load}
        <input type="file" accept=".json,application/json" class="visually-hidden" disabled=${!mayReview.value} onChange=${load} />
      </label>
    </div>
  </section>`;
}

/** Takes a session up, and goes to the example that was under review when it was saved. */
async function load(event) {
  const [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  try {
    const found = await post("/sessions/load", file);
    notify(texts.settings.loaded(found), { tone: found.refused ? "bad" : "ok" });
    if (found.current) go("review", { task: found.task, status: "all", at: found.current });
  } catch (failed) {
    notifyError(failed);
  }
}

const Person = () => html`<section class="card" aria-labelledby="settings-person">
  <h2 id="settings-person">${texts.settings.person}</h2>
  <p>${texts.settings.signedInAs(session.value.user, texts.roles[session.value.role])}</p>
  ${session.value.is_shared && html`<div class="row"><${Button} onClick=${signOut}>${texts.settings.signOut}<//></div>`}
  <p class="hint">${texts.settings.version(session.value.version)}</p>
</section>`;

function Workspace() {
  return html`<section class="card" aria-labelledby="settings-workspace">
    <h2 id="settings-workspace">${texts.settings.workspace}</h2>
    <p class="muted">${texts.settings.workspaceAbout}</p>
    ${error.value && html`<${Failure} error=${error.value} onRetry=${look} />`}
    ${!rows.value && !error.value && html`<${Waiting} lines=${6} />`}
    ${rows.value &&
    html`<table class="table is-settings">
      <thead><tr><th scope="col">${texts.settings.key}</th><th scope="col">${texts.settings.value}</th></tr></thead>
      <tbody>${rows.value.map((row) => html`<${Row} key=${row.key} row=${row} />`)}</tbody>
    </table>`}
  </section>`;
}

function Row({ row }) {
  const id = `setting-${row.key}`;
  const save = async (value) => {
    try {
      await put(`/settings/${encodeURIComponent(row.key)}`, { value: meant(row, value) });
      notify(texts.settings.saved(row.key), { tone: "ok" });
      await look();
    } catch (failed) {
      notifyError(failed);
      await look();
    }
  };
  const isOpen = row.is_editable && mayManage.value;
  return html`<tr>
    <th scope="row"><label for=${isOpen ? id : undefined}>${row.key}</label><span class="hint">${row.description}</span></th>
    <td>
      ${isOpen
        ? html`<${Value} id=${id} row=${row} onSave=${save} />`
        : html`<code>${asText(row.value)}</code>`}
      ${row.default !== null && asText(row.value) !== asText(row.default) && html`<span class="hint">${texts.settings.default(asText(row.default))}</span>`}
    </td>
  </tr>`;
}

function Value({ id, row, onSave }) {
  // What is being typed is kept apart: a setting that arrives meanwhile must not take it away.
  const [typed, setTyped] = useState(/** @type {string | null} */ (null));
  const leave = async (event) => {
    const left = event.target.value;
    if (left !== asText(row.value)) await onSave(left);
    setTyped((now) => (now === left ? null : now));
  };
  if (typeof row.value === "boolean") {
    return html`<select id=${id} value=${String(row.value)} onChange=${(event) => onSave(event.target.value)}>
      ${["true", "false"].map((one) => html`<option key=${one} value=${one} selected=${one === String(row.value)}>${texts.choice(one)}</option>`)}
    </select>`;
  }
  return html`<input
    id=${id} type="text" value=${typed ?? asText(row.value)} placeholder=${texts.settings.none} autocomplete="off"
    onInput=${(event) => setTyped(event.target.value)} onChange=${leave}
  />`;
}

/** A value as people write it; lists with commas. @param {any} value */
function asText(value) {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value) && value.every((one) => typeof one !== "object")) return value.join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** What was typed, as the kind of value that the setting has. @param {any} row @param {string} typed */
function meant({ value, default: usual }, typed) {
  const like = value ?? usual;
  if (Array.isArray(like)) return typed.split(",").map((one) => one.trim()).filter(Boolean);
  if (typeof like === "boolean") return typed === "true";
  if (typeof like === "number") return Number.isNaN(Number(typed)) || !typed.trim() ? typed : Number(typed);
  if (typeof like === "string") return typed;
  try {
    return typed.trim() ? JSON.parse(typed) : null;
  } catch {
    return typed; // no JSON: the server says what it should be
  }
}
