// @ts-check
// What is fetched about one example beside it: kept for a while, never in the way of a key press.

import { signal, useEffect } from "../../vendor/preact.js";
import { get } from "../../lib/api.js";

const SETTLED_MS = 120;
const MOST_KEPT = 100;

/** Address -> answer; the oldest go first. */
const kept = new Map();
const arrivals = signal(0);

/**
 * What stands at an address, once the person has stayed on the example for a moment.
 * @param {string|null} path null: nothing is wanted
 * @param {string} version a change of it asks anew
 * @returns {{found: any, error: any}}
 */
export function useLookup(path, version) {
  const key = path === null ? "" : `${version} ${path}`;
  useEffect(() => {
    if (path === null || kept.has(key)) return undefined;
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      try {
        keep(key, { found: await get(path, {}, { signal: stop.signal }), error: null });
      } catch (error) {
        if (!stop.signal.aborted) keep(key, { found: null, error });
      }
    }, SETTLED_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [key]);
  void arrivals.value;
  return kept.get(key) ?? { found: null, error: null };
}


/** @param {string} key @param {{found: any, error: any}} answer */
function keep(key, answer) {
  kept.set(key, answer);
  if (answer.error) setTimeout(() => kept.delete(key), 2000);
  while (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
  arrivals.value += 1;
}
