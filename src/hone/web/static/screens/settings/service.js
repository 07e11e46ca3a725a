// The GPU service: which keys .env has, whether it answers, and which endpoint trains.

import { html, signal, useEffect } from "../../vendor/preact.js";
import { get, post, put } from "../../lib/api.js";
import { mayManage, mayTrain } from "../../lib/session.js";
import { texts } from "../../texts.js";
import { Button } from "../../ui/button.js";
import { Select } from "../../ui/field.js";
import { Icon } from "../../ui/icon.js";
import { Failure } from "../../ui/show.js";
import { notify, notifyError } from "../../ui/toast.js";

const words = texts.settings.service;
const standing = signal(/** @type {any} */ (null));
const endpoints = signal(/** @type {any[]|null} */ (null));
const error = signal(/** @type {any} */ (null));
const isBusy = signal(false);

async function look() {
  try {
    standing.value = await get("/endpoints");
  } catch (failed) {
    error.value = failed;
  }
}

async function connect() {
  isBusy.value = true;
  error.value = endpoints.value = null;
  try {
    const found = await post("/endpoints/connect", {});
    standing.value = found;
    endpoints.value = found.endpoints;
  } catch (failed) {
    error.value = failed;
    await look();
  } finally {
    isBusy.value = false;
  }
}

async function choose(id) {
  if (!id) return;
  try {
    standing.value = await put("/endpoints/chosen", { id });
    notify(words.chosen(id), { tone: "ok" });
  } catch (failed) {
    notifyError(failed);
  }
}

export function Service() {
  useEffect(() => {
    error.value = endpoints.value = null;
    look();
  }, []);
  const found = standing.value;
  const at = found?.endpoint ?? "";
  const listed = endpoints.value?.map((one) => [one.id, words.endpoint(one)]) ?? [];
  const isListed = listed.some(([id]) => id === at);
  return html`<section class="card" aria-labelledby="settings-service">
    <h2 id="settings-service">${words.title}</h2>
    <p class="muted">${words.about}</p>
    ${found && html`<ul class="key-rows">${found.keys.map((one) => html`<li key=${one.name}><code>${one.name}</code><span class="pill ${one.is_set ? "status-accepted" : "status-pending"}">${one.is_set ? words.isSet : words.isNotSet}</span></li>`)}</ul>
      <p>${at ? words.trainsAt(at) : words.nowhere}</p>
      ${found.trouble && html`<p class="problem">${found.trouble}</p>`}`}
    <div class="row">
      <${Button} isDisabled=${!mayTrain.value || isBusy.value} onClick=${connect}>${isBusy.value ? words.connecting : words.connect}<//>
      <span role="status">${endpoints.value && html`<span class="pill status-accepted"><${Icon} name="accept" size=${14} />${words.connected}</span>`}</span>
    </div>
    ${endpoints.value && (mayManage.value
      ? html`<${Select} label=${words.choose} value=${isListed ? at : ""} options=${[...(isListed ? [] : [["", words.none]]), ...listed]} onChange=${choose} />`
      : html`<ul class="link-rows">${listed.map(([id, text]) => html`<li key=${id}>${text}</li>`)}</ul>`)}
    ${error.value && html`<${Failure} error=${error.value} />`}
  </section>`;
}
