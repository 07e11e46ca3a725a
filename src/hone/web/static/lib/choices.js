// @ts-check
// What this browser remembers of a person's taste: theme, open panels. Losing it costs nothing.

import { signal } from "../vendor/preact.js";

const PREFIX = "hone:choice:";

/**
 * A remembered value; without storage it lasts as long as the page.
 * @param {string} name
 * @param {string} first
 */
export function remembered(name, first) {
  let value = first;
  try {
    value = localStorage.getItem(PREFIX + name) ?? first;
  } catch {
    value = first; // storage is blocked; the save state says so where it matters
  }
  const found = signal(value);
  return {
    get value() {
      return found.value;
    },
    /** @param {string} chosen */
    set(chosen) {
      found.value = chosen;
      try {
        localStorage.setItem(PREFIX + name, chosen);
      } catch {
        return;
      }
    },
  };
}
