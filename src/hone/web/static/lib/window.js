// @ts-check
// The examples in memory: 30 behind the current one, 60 ahead, refilled at half.
//
// A window is a row of pages as the server gave them; whole pages come and go, so the server's
// cursors at both ends stay valid.

import { batch, signal } from "../vendor/preact.js";
import { calm } from "./calm.js";

export const BEHIND = 30;
export const AHEAD = 60;
const PAGE = 30;

/**
 * @typedef {{items: any[], first: string|null, last: string|null, has_before: boolean, has_after: boolean}} Page
 * @typedef {(query: Record<string, any>) => Promise<any>} Fetch asks for one page
 */

export class ExampleWindow {
  /**
   * @param {Fetch} fetch
   * @param {(id: string) => Promise<any>} fetchOne
   */
  constructor(fetch, fetchOne) {
    this.fetch = fetch;
    this.fetchOne = fetchOne;
    /** @type {Page[]} */
    this.pages = [];
    this.items = signal(/** @type {any[]} */ ([]));
    this.index = signal(0);
    /** How many examples stand before the first in memory; null where nobody has counted. */
    this.offset = signal(/** @type {number|null} */ (0));
    this.state = signal(/** @type {"loading"|"ready"|"failed"} */ ("loading"));
    this.error = signal(/** @type {any} */ (null));
    this.turn = 0;
    this.isRefilling = false;
    /** Steps taken beyond what is in memory; they are made good when the page arrives. */
    this.owed = 0;
  }

  get current() {
    return this.items.value[this.index.value] ?? null;
  }

  /** Whether every example is behind us. */
  get isAtEnd() {
    return this.state.value === "ready" && this.index.value >= this.items.value.length && !this.hasAfter;
  }

  get hasAfter() {
    return this.pages.at(-1)?.has_after ?? false;
  }

  get hasBefore() {
    return this.pages[0]?.has_before ?? false;
  }

  /**
   * Starts anew: from the beginning, or around an example. One that does not fit the list any more
   * is a guest in it: a person who asks for it, or stands on it, sees it all the same.
   * @param {string|null} [around]
   * @param {{isStaying?: boolean}} [how] staying: who has moved on meanwhile stands there, not at `around`
   * @returns {Promise<any>} the server's answer; null where a later start overtook this one
   */
  async load(around = null, { isStaying = false } = {}) {
    const turn = ++this.turn;
    if (!this.items.value.length) this.state.value = "loading";
    try {
      const asked = around === null ? { limit: AHEAD } : { around, limit: AHEAD + BEHIND };
      const found = await this.fetch(asked);
      const guest = around !== null && !has(found, around) ? await this.fetchOne(around) : null;
      if (turn !== this.turn) return null;
      if (guest) found.items.splice(placeFor(found.items, guest), 0, guest);
      const moved = isStaying ? this.movedFrom(around) : 0;
      batch(() => {
        this.pages = cut(found);
        this.items.value = found.items;
        const place = found.items.findIndex((/** @type {any} */ one) => one.id === around);
        this.stand(Math.max(place, 0) + moved);
        this.offset.value = found.place ?? (found.has_before ? null : 0);
        this.state.value = "ready";
        this.error.value = null;
      });
      this.refill();
      return found;
    } catch (error) {
      if (turn !== this.turn) return null;
      this.state.value = "failed";
      this.error.value = error;
      throw error;
    }
  }

  /** Forgets everything: what comes next has nothing to do with it. */
  clear() {
    this.turn += 1;
    batch(() => {
      this.pages = [];
      this.items.value = [];
      this.stand(0);
      this.state.value = "loading";
    });
  }

  /** Goes `steps` on or back; never waits. @param {number} steps */
  move(steps) {
    this.stand(this.index.value + this.owed + steps);
    this.refill();
  }

  /** @param {number} index */
  goTo(index) {
    this.stand(Math.min(Math.max(index, 0), this.items.value.length));
    this.refill();
  }

  /** Stands at a place, or as near as memory reaches while the rest is on its way. @param {number} wanted */
  stand(wanted) {
    const most = this.items.value.length;
    const place = Math.min(Math.max(wanted, this.hasBefore ? -BEHIND : 0), this.hasAfter ? most + AHEAD : most);
    this.index.value = Math.min(Math.max(place, 0), most);
    this.owed = place - this.index.value;
  }

  /** How many steps a person has gone from an example, which is still in memory. @param {string|null} id */
  movedFrom(id) {
    const place = id === null ? -1 : this.find(id);
    return place < 0 ? 0 : this.index.value + this.owed - place;
  }

  /** Fetches more where half of a side is used up, and lets go what is far away. */
  async refill() {
    if (this.isRefilling || this.state.value !== "ready") return;
    const ahead = this.items.value.length - this.index.value - 1;
    const isForward = ahead < AHEAD / 2 && this.hasAfter;
    if (!isForward && !(this.index.value < BEHIND / 2 && this.hasBefore)) return;
    this.isRefilling = true;
    const turn = this.turn;
    try {
      const found = await this.fetch(
        isForward
          ? { after: this.pages.at(-1)?.last, limit: AHEAD }
          : { before: this.pages[0]?.first, limit: PAGE },
      );
      // Taking a page in costs more than a key; who has run out of examples waits for it.
      if (!this.owed) await calm();
      if (turn === this.turn) this.take(found, isForward);
    } catch {
      // Not reached: the next move asks again, and the save state says that we are offline.
      return;
    } finally {
      this.isRefilling = false;
    }
    this.refill();
  }

  /** @param {any} found @param {boolean} isForward */
  take(found, isForward) {
    const made = cut(found);
    let index = this.index.value;
    let offset = this.offset.value;
    if (isForward) {
      const last = this.pages.at(-1);
      if (last) last.has_after = found.has_after;
      this.pages = [...this.pages, ...made];
      while (this.pages.length > 1 && index - this.pages[0].items.length >= BEHIND) {
        const gone = this.pages.shift();
        index -= gone?.items.length ?? 0;
        if (offset !== null) offset += gone?.items.length ?? 0;
        this.pages[0].has_before = true;
      }
    } else {
      this.pages[0].has_before = found.has_before;
      this.pages = [...made, ...this.pages];
      index += found.items.length;
      if (offset !== null) offset = Math.max(0, offset - found.items.length);
      if (!found.has_before) offset = 0;
      while (this.pages.length > 1 && this.count - (this.pages.at(-1)?.items.length ?? 0) > index + AHEAD) {
        this.pages.pop();
        const last = this.pages.at(-1);
        if (last) last.has_after = true;
      }
    }
    batch(() => {
      this.items.value = this.pages.flatMap((page) => page.items);
      this.stand(index + this.owed);
      this.offset.value = offset;
    });
  }

  get count() {
    return this.pages.reduce((sum, page) => sum + page.items.length, 0);
  }

  /**
   * Replaces what is known of one example, wherever it stands.
   * @param {string} id
   * @param {(example: any) => any} change
   */
  patch(id, change) {
    let isChanged = false;
    for (const page of this.pages) {
      page.items = page.items.map((one) => {
        if (one.id !== id) return one;
        isChanged = true;
        return change(one);
      });
    }
    if (isChanged) this.items.value = this.pages.flatMap((page) => page.items);
  }

  /** @param {string} id */
  find(id) {
    return this.items.value.findIndex((one) => one.id === id);
  }
}

/** @param {any} found @param {string} id */
const has = (found, id) => found.items.some((/** @type {any} */ one) => one.id === id);

/** Where a guest stands among its neighbours, by the order of import. @param {any[]} items @param {any} guest */
function placeFor(items, guest) {
  const place = items.findIndex((one) => one.position > guest.position);
  return place < 0 ? items.length : place;
}

/**
 * One answer of the server as pages; only its ends have cursors, so the middle stays together.
 * @param {any} found
 * @returns {Page[]}
 */
function cut(found) {
  const { items, first, last, has_before, has_after } = found;
  return [{ items, first, last, has_before, has_after }];
}
