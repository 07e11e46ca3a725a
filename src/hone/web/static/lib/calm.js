// @ts-check
// Keys come first: what need not be drawn in the frame of a key waits until nobody is pressing.

import { effect, signal } from "../vendor/preact.js";

const CALM = 70;
const LONGEST = 400;

let last = -Infinity;
if (typeof addEventListener === "function") {
  addEventListener("keydown", () => (last = performance.now()), { capture: true, passive: true });
}

/** Resolves when no key was pressed for a moment, after 0.4 s at the latest; at once where it is calm. */
export async function calm() {
  const end = performance.now() + LONGEST;
  for (;;) {
    const now = performance.now();
    const rest = Math.min(last + CALM, end) - now;
    if (rest <= 0) return;
    await new Promise((resolve) => setTimeout(resolve, rest));
  }
}

/** Runs once the frame that is being made is drawn. @param {() => void} run */
export function afterFrame(run) {
  requestAnimationFrame(() => setTimeout(run));
}

/**
 * A signal that follows others a frame later: what stands beside the example is not in its way.
 * @template T
 * @param {() => T} read
 */
export function later(read) {
  const found = signal(read());
  let isComing = false;
  let isFirst = true;
  effect(() => {
    read();
    if (isFirst || isComing) {
      isFirst = false;
      return;
    }
    isComing = true;
    afterFrame(() => {
      isComing = false;
      found.value = read();
    });
  });
  return found;
}
