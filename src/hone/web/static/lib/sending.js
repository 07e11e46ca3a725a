// @ts-check
// Sends what the outbox holds: oldest first, one sender per browser, again until it is taken.

import { batch, signal } from "../vendor/preact.js";
import { ApiError } from "./api.js";
import { isFault, isLeft, isPassing, Tries } from "./tries.js";

const BATCH = 100;
const BUSY_WAIT = 300;
/** What was decided is kept at once and sent after the next frame, so that a key never waits. */
const AFTER_FRAME = 30;

/** @typedef {import("./kept.js").Entry} Entry */
/**
 * @typedef {object} Box what is to be sent
 * @property {() => string|undefined} scope whose it is; one tab at a time sends it
 * @property {() => Entry[]} queued oldest first; empty where nothing may be sent now
 * @property {(sending: Entry[]) => Promise<void>} send an ApiError where it was not taken
 * @property {(entry: Entry, error: ApiError) => void} refuse puts one aside, where people see it
 */

export class Sender {
  /** @param {Box} box */
  constructor(box) {
    this.box = box;
    this.tries = new Tries();
    /** Why what is queued cannot be sent now; null while it can. */
    this.failure = signal(/** @type {ApiError|null} */ (null));
    this.isFlushing = false;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.timer = undefined;
  }

  /** Something more is queued. */
  begin() {
    if (this.isFlushing) return;
    if (!this.failure.value) this.schedule(AFTER_FRAME);
    // Whoever goes on deciding must not put the next try off with every key.
    else if (this.timer === undefined) this.schedule(this.tries.wait);
  }

  /** Tries at once, whatever the wait was. */
  hurry() {
    this.tries.hurry();
    this.schedule(0);
  }

  /** @param {number} after milliseconds */
  schedule(after) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), after);
  }

  async flush() {
    this.timer = undefined;
    if (this.isFlushing || !this.box.queued().length) return;
    this.isFlushing = true;
    let isMine = true;
    try {
      isMine = await alone(`${this.box.scope()}`, () => this.sendAll());
    } finally {
      this.isFlushing = false;
    }
    if (!isMine) this.schedule(BUSY_WAIT);
    // Also what came between the last look at the queue and now.
    else if (this.box.queued().length) this.schedule(this.failure.value ? this.tries.wait : AFTER_FRAME);
  }

  async sendAll() {
    for (;;) {
      const sending = nextBatch(this.box.queued());
      if (!sending.length) return;
      const failed = await this.attempt(sending);
      if (!failed) continue;
      if (isLeft(failed.status)) return;
      if (isPassing(failed.status) || (isFault(failed.status) && !this.tries.isStuck)) {
        this.failure.value = failed;
        return;
      }
      if (!(await this.singly(sending, failed))) return;
    }
  }

  /** @param {Entry[]} sending @returns {Promise<ApiError|null>} why it was not taken */
  async attempt(sending) {
    try {
      await this.box.send(sending);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.tries.failed(error.status);
      return error;
    }
    this.reached();
    return null;
  }

  reached() {
    this.tries.reached();
    this.failure.value = null;
  }

  /**
   * A batch was not taken: finds out which of it, and puts that aside. Gives whether to go on.
   * @param {Entry[]} sending
   * @param {ApiError} error
   */
  async singly(sending, error) {
    const failing = /** @type {Array<[Entry, ApiError]>} */ ([]);
    const behind = new Set();
    let judged = 0;
    for (const one of sending) {
      // What rests on a decision that failed waits for it.
      if (behind.has(one.example_id)) continue;
      const failed = sending.length === 1 ? error : await this.attempt([one]);
      if (failed && isLeft(failed.status)) return false;
      if (failed && isPassing(failed.status)) {
        this.failure.value = failed;
        return false;
      }
      if (failed && isFault(failed.status)) {
        failing.push([one, failed]);
        behind.add(one.example_id);
      } else {
        judged += 1;
        if (failed) this.box.refuse(one, failed);
      }
    }
    if (failing.length > 1 && !judged) {
      // It fails on everything: that is the server's own trouble, and no decision's.
      this.tries.faults = 0;
      this.failure.value = failing[0][1];
      return false;
    }
    batch(() => {
      for (const [one, failed] of failing) this.box.refuse(one, failed);
      this.reached();
    });
    return true;
  }
}

/** The oldest operations that one request can carry. @param {Entry[]} queued @returns {Entry[]} */
export function nextBatch(queued) {
  if (queued[0]?.kind !== "decide") return queued.slice(0, 1);
  const end = queued.findIndex((one) => one.kind !== "decide");
  return queued.slice(0, end < 0 ? BATCH : Math.min(end, BATCH));
}

/**
 * Runs while no other tab sends; whether it did. Without locks (a plain http address of the
 * network) every tab sends, which is safe: an operation is applied once however often it arrives.
 * @param {string} scope
 * @param {() => Promise<void>} run
 */
async function alone(scope, run) {
  if (!navigator.locks) {
    await run();
    return true;
  }
  return await navigator.locks.request(`hone-outbox-${scope}`, { ifAvailable: true }, async (lock) => {
    if (lock) await run();
    return Boolean(lock);
  });
}
