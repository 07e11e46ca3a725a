// @ts-check
// Where we are: the part of the address behind #, as a screen's name and its parameters.

import { signal } from "../vendor/preact.js";

export const FIRST = "home";

export const route = signal(read(location.hash));
/** Screen -> its last address. @type {Map<string, string>} */
const places = new Map();

/** Starts following the address; once per page. */
export function follow() {
  addEventListener("hashchange", (event) => {
    // Not where we are by now: the screen may have written its own address since (`rewrite`).
    route.value = read(new URL(event.newURL).hash);
  });
}

/**
 * The address of a screen.
 * @param {string} name
 * @param {Record<string, any>} [params]
 */
export function linkTo(name, params = {}) {
  const found = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") found.append(key, String(one));
    }
  }
  const text = found.toString();
  return `#/${name}${text && `?${text}`}`;
}

/** Goes to a screen. @param {string} name @param {Record<string, any>} [params] */
export function go(name, params) {
  location.hash = linkTo(name, params);
}

/** Notes where a screen stands, for the way back to it. @param {string} name @param {Record<string, any>} params */
export function remember(name, params) {
  places.set(name, linkTo(name, params));
}

/** Writes the address of the screen that is shown, without a step in the history. @param {string} name @param {Record<string, any>} params */
export function rewrite(name, params) {
  const place = linkTo(name, params);
  places.set(name, place);
  history.replaceState(null, "", place);
}

/** Goes to a screen as it was left. @param {string} name */
export function goBackTo(name) {
  location.hash = places.get(name) ?? linkTo(name);
}

/** @param {string} hash */
function read(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  return { name: path || FIRST, params: new URLSearchParams(query) };
}
