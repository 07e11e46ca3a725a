// @ts-check
// A long table by its places: pages come when somebody looks at them, and far ones are let go.

import { batch, signal } from "../vendor/preact.js";

export const PAGE = 60;
const MOST = 24;
/** Who scrolls past a hundred pages waits for the last one, not for all of them. */
const SETTLED_MS = 50;

/** @typedef {(query: {start: number, limit: number}) => Promise<{items: any[], total: number}>} Fetch */

export class Pages {
  /** @param {Fetch} fetch */
  constructor(fetch) {
    this.fetch = fetch;
    /** @type {Map<number, any[]>} */
    this.pages = new Map();
    /** @type {Set<number>} */
    this.coming = new Set();
    this.total = signal(/** @type {number|null} */ (null));
    this.error = signal(/** @type {any} */ (null));
    /** Changes when something has arrived. */
    this.arrived = signal(0);
    this.turn = 0;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.timer = undefined;
  }

  /** Forgets everything, and brings the first page. @returns {Promise<void>} */
  begin() {
    this.turn += 1;
    clearTimeout(this.timer);
    batch(() => {
      this.pages.clear();
      this.coming.clear();
      this.total.value = null;
      this.error.value = null;
      this.arrived.value += 1;
    });
    return this.bring(0);
  }

  /** What stands at a place; null while it is on its way. @param {number} place */
  at(place) {
    return this.pages.get(Math.floor(place / PAGE))?.[place % PAGE] ?? null;
  }

  /** Brings what these places hold, once they are looked at for a moment. @param {number} first @param {number} last */
  look(first, last) {
    clearTimeout(this.timer);
    const wanted = [Math.floor(Math.max(first, 0) / PAGE), Math.floor(Math.max(last, 0) / PAGE)];
    if (wanted.every((page) => this.pages.has(page))) return;
    this.timer = setTimeout(() => new Set(wanted).forEach((page) => this.bring(page)), SETTLED_MS);
  }

  /** @param {number} page */
  async bring(page) {
    if (this.pages.has(page) || this.coming.has(page)) return;
    if (this.total.value !== null && page * PAGE >= Math.max(this.total.value, 1)) return;
    const turn = this.turn;
    this.coming.add(page);
    try {
      const found = await this.fetch({ start: page * PAGE, limit: PAGE });
      if (turn !== this.turn) return;
      batch(() => {
        this.pages.set(page, found.items);
        // The oldest goes: places far away were looked at long ago.
        if (this.pages.size > MOST) this.pages.delete(this.pages.keys().next().value ?? -1);
        this.total.value = found.total;
        this.error.value = null;
        this.arrived.value += 1;
      });
    } catch (error) {
      if (turn === this.turn) this.error.value = error;
    } finally {
      if (turn === this.turn) this.coming.delete(page);
    }
  }
}
