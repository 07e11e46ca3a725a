// The keys: another one for an action, single keys off, repeating accept and reject.

import { html, signal } from "../../vendor/preact.js";
import { put } from "../../lib/api.js";
import { DEFAULT_KEYS, keyboard, nameOf, shownKey } from "../../lib/keys.js";
import { texts } from "../../texts.js";
import { Button } from "../../ui/button.js";
import { Switch } from "../../ui/field.js";
import { notify, notifyError } from "../../ui/toast.js";

/** The action that waits for its new key. */
const waiting = signal("");
/** Keys that have a fixed meaning. */
const TAKEN = ["z", "1", "2", "3", "4", "5", "6", "7", "8", "9", " "];

export function Keyboard() {
  const keys = { ...DEFAULT_KEYS, ...keyboard.value.keys };
  const isUsual = Object.entries(DEFAULT_KEYS).every(([action, key]) => keys[action] === key);
  return html`<section class="card" aria-labelledby="settings-keys">
    <h2 id="settings-keys">${texts.settings.keyboard}</h2>
    <${Switch}
      label=${texts.settings.single} hint=${texts.settings.singleHint} isOn=${keyboard.value.single_keys}
      onChange=${(isOn) => save({ single_keys: isOn })}
    />
    <${Switch}
      label=${texts.settings.repeat} hint=${texts.settings.repeatHint} isOn=${keyboard.value.repeat_accept}
      onChange=${(isOn) => save({ repeat_accept: isOn })}
    />
    <ul class="key-rows">
      ${Object.keys(DEFAULT_KEYS).map((action) => html`<${Row} key=${action} action=${action} now=${keys[action]} keys=${keys} />`)}
    </ul>
    <${Button} icon="undo" isDisabled=${isUsual} onClick=${() => save({ keys: DEFAULT_KEYS })}>${texts.settings.usualKeys}<//>
  </section>`;
}

function Row({ action, now, keys }) {
  const isWaiting = waiting.value === action;
  const name = texts.settings.actions[action];
  const press = (event) => {
    if (!isWaiting || ["Tab", "Shift", "Control", "Meta", "Alt"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    waiting.value = "";
    if (event.key !== "Escape") choose(action, nameOf(event), keys);
  };
  return html`<li>
    <span>${name}</span>
    <button
      type="button" class=${isWaiting ? "key-button is-waiting" : "key-button"} onKeyDown=${press}
      onClick=${() => (waiting.value = isWaiting ? "" : action)} onBlur=${() => isWaiting && (waiting.value = "")}
      aria-label=${texts.settings.changeKey(name, shownKey(now))}
    >
      ${isWaiting ? texts.settings.pressKey : html`<kbd>${shownKey(now)}</kbd>`}
    </button>
  </li>`;
}

/** @param {string} action @param {string} key @param {Record<string, string>} keys */
function choose(action, key, keys) {
  const other = Object.keys(keys).find((one) => one !== action && keys[one] === key);
  const isFixed = TAKEN.includes(key) || key.length > 1;
  if (other || isFixed) {
    const owner = other ? texts.settings.actions[other] : texts.settings.fixedKey;
    notify(texts.settings.keyTaken(shownKey(key), owner), { tone: "bad" });
    return;
  }
  save({ keys: { ...keys, [action]: key } });
}

/** @param {Partial<typeof keyboard.value>} change */
async function save(change) {
  const before = keyboard.value;
  keyboard.value = { ...before, ...change };
  try {
    keyboard.value = await put("/settings/keyboard", keyboard.value);
  } catch (error) {
    keyboard.value = before;
    notifyError(error);
  }
}
