// @ts-check
// What is fetched about one example beside it: kept for a while, never in the way of a key press.

import { signal, useEffect } from "../../vendor/preact.js";
import { get } from "../../lib/api.js";
import { isPassing } from "../../lib/tries.js";

const SETTLED_MS = 120;
const MOST_KEPT = 100;
const ASK_AGAIN_MS = 2000;

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
  const known = kept.get(key);
  useEffect(() => {
    if (path === null || (known && !known.isOld)) return undefined;
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
  }, [key, known?.isOld]);
  void arrivals.value;
  return known ?? { found: null, error: null };
}

/** @param {string} key @param {{found: any, error: any}} answer */
function keep(key, answer) {
  kept.set(key, answer);
  if (answer.error) setTimeout(askAgain, ASK_AGAIN_MS, key);
  while (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
  arrivals.value += 1;
}

/** What failed is shown until there is something better; a server that was away is asked by itself. @param {string} key */
function askAgain(key) {
  const known = kept.get(key);
  if (!known?.error) return;
  kept.set(key, { ...known, isOld: true });
  if (isPassing(known.error.status)) arrivals.value += 1;
}
