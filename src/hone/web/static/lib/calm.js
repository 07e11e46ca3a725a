// @ts-check
// Keys come first: what need not be drawn in the frame of a key waits until nobody is pressing.

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
