// @ts-check
// A pane keeps its elements from one example to the next, and begins at the top all the same.

import { useRef } from "../../vendor/preact.js";

/**
 * New elements are only made where somebody scrolled in the old ones: that stops a movement that
 * is still under way, and costs a frame what changing a text does not.
 * @param {string} id the example
 * @returns {{key: number, onScroll: () => void}} attributes of the pane
 */
export function useTop(id) {
  const pane = useRef({ id, turn: 0, isScrolled: false });
  const known = pane.current;
  if (known.id !== id) {
    known.id = id;
    if (known.isScrolled) known.turn += 1;
    known.isScrolled = false;
  }
  return { key: known.turn, onScroll: () => (known.isScrolled = true) };
}
