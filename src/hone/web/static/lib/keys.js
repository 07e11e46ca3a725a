// @ts-check
// The keyboard: one listener, and maps of {action: {run, label, ...}} that the screens bring.
//
// The same maps give the key caps on buttons, aria-keyshortcuts and the help.

import { computed, signal, useEffect, useRef } from "../vendor/preact.js";

/**
 * @typedef {object} Binding
 * @property {(event?: KeyboardEvent) => void} run
 * @property {string} label what it does, for the help
 * @property {"always"|"setting"} [repeat] whether holding the key repeats it
 * @property {boolean} [whileTyping] also while a field has the focus
 */

/** Action -> key. Those in FIXED cannot be given another key. */
export const DEFAULT_KEYS = /** @type {Record<string, string>} */ ({
  accept: "a", reject: "r", edit: "e", skip: "s", flag: "f", unknown: "k", note: "n",
  undo: "u", redo: "y", search: "/", compare: "c", training: "t", similar: "d", help: "?",
});
const FIXED = /** @type {Record<string, string>} */ ({
  previous: "ArrowLeft", next: "ArrowRight", save: "Ctrl+s", saveEdit: "Ctrl+Enter", leave: "Escape",
  undoAlso: "z",
});
const DIGITS = "123456789";
const IS_MAC = /Mac|iP(hone|ad)/.test(navigator.platform);
const NAMES = /** @type {Record<string, string>} */ ({
  Ctrl: IS_MAC ? "⌘" : "Ctrl", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", Enter: "↵", " ": "Space",
});

/** The person's own settings; `keys` holds only what differs or everything, both are fine. */
export const keyboard = signal(
  /** @type {{single_keys: boolean, repeat_accept: boolean, keys: Record<string, string>}} */ ({
    single_keys: true, repeat_accept: false, keys: {},
  }),
);

const layers = signal(/** @type {Array<{current: Record<string, Binding>}>} */ ([]));

/** Every binding that works now, the innermost last; for the help. */
export const bindings = computed(() => layers.value.flatMap((layer) => Object.entries(layer.current)));

/**
 * The key of an action, as `nameOf` gives it; empty where it has none now.
 * @param {string} action
 */
export function keyOf(action) {
  const digit = action.match(/^take([1-9])$/)?.[1];
  const key = digit ?? FIXED[action] ?? keyboard.value.keys[action] ?? DEFAULT_KEYS[action] ?? "";
  return isSingle(key) && !keyboard.value.single_keys ? "" : key;
}

/** A key as it stands on a cap. @param {string} key */
export function shownKey(key) {
  const parts = key.split("+").filter(Boolean);
  if (!parts.length) return key;
  return parts.map((part) => NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part)).join(" ");
}

/** For aria-keyshortcuts. @param {string} action */
export function ariaKey(action) {
  const key = keyOf(action);
  if (!key) return undefined;
  return key.replace("Ctrl+", "Control+").replace(/^([a-z])$/, (one) => one.toUpperCase());
}

/** Whether a key is a single character, which WCAG 2.1.4 asks to be switchable. @param {string} key */
export const isSingle = (key) => key.length === 1;

/** Whether people may give the action another key. @param {string} action */
export const isRemappable = (action) => action in DEFAULT_KEYS;

/**
 * A key press as a name: "a", "Shift+a", "Ctrl+s", "ArrowLeft".
 * @param {KeyboardEvent} event
 */
export function nameOf(event) {
  let key = event.key;
  // On a layout without Latin letters the place of the key counts, so that A stays A.
  if (key.length === 1 && key.charCodeAt(0) > 127 && /^Key[A-Z]$/.test(event.code)) key = event.code[3];
  const isLetter = /^[a-z]$/i.test(key);
  if (isLetter) key = key.toLowerCase();
  const isHeld = event.ctrlKey || event.metaKey;
  return (isHeld ? "Ctrl+" : "") + (event.shiftKey && isLetter ? "Shift+" : "") + key;
}

/**
 * Brings a map of actions for as long as a component is shown.
 * @param {Record<string, Binding>} map
 */
export function useKeys(map) {
  const layer = useRef(map);
  layer.current = map;
  useEffect(() => {
    layers.value = [...layers.value, layer];
    return () => {
      layers.value = layers.value.filter((one) => one !== layer);
    };
  }, []);
}

/** Starts listening; once per page. */
export function listen() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.keyCode === 229 || event.altKey) return;
    const pressed = nameOf(event);
    const found = find(pressed);
    if (!found) return;
    const [action, binding] = found;
    if (document.querySelector("dialog[open]")) return;
    if (!binding.whileTyping && isTaken(event)) return;
    if (event.repeat && !mayRepeat(action, binding)) {
      event.preventDefault();
      return;
    }
    event.preventDefault();
    binding.run(event);
  });
}

/** @param {string} pressed @returns {[string, Binding]|undefined} */
function find(pressed) {
  for (const layer of [...layers.value].reverse()) {
    for (const entry of Object.entries(layer.current)) {
      if (keyOf(entry[0]) === pressed) return entry;
    }
  }
  return undefined;
}

/** @param {string} action @param {Binding} binding */
function mayRepeat(action, binding) {
  return binding.repeat === "always" || (binding.repeat === "setting" && keyboard.value.repeat_accept);
}

/** Whether the element with the focus needs the key itself. @param {KeyboardEvent} event */
function isTaken(event) {
  const place = /** @type {HTMLElement} */ (event.target);
  if (!(place instanceof HTMLElement)) return false;
  if (place.isContentEditable || place.matches("textarea, select")) return true;
  if (!place.matches("input")) return false;
  const type = /** @type {HTMLInputElement} */ (place).type;
  if (type === "range" || type === "radio") return event.key.startsWith("Arrow");
  return !["checkbox", "button", "submit", "file"].includes(type);
}

export const TAKES = [...DIGITS].map((digit) => `take${digit}`);
