// @ts-check
// What a failed try means: whether it passes by itself, how long to wait, when to look closer.
//
// A server that is not reached, starts, or has no room answers again some day, so everything waits.
// A server that fails on what it was sent (500) may do so for ever: after some tries each decision
// is sent on its own, so that the one that it fails on holds no other up.

const FIRST_WAIT = 250;
const LONGEST_WAIT = 4000;
const MOST_FAULTS = 4;
/** A proxy that finds no server behind it, a full disk, a locked store. */
const PASSING = [0, 408, 429, 502, 503, 504];

/** Whether the same request may succeed later, whatever it holds. @param {number} status */
export const isPassing = (status) => PASSING.includes(status);

/** Whether this page may send nothing more: signed out, or somebody else signed in. @param {number} status */
export const isLeft = (status) => status === 401 || status === 412;

/** Whether the server failed on what it was sent. @param {number} status */
export const isFault = (status) => status >= 500 && !isPassing(status);

/** The tries since the server took something the last time. */
export class Tries {
  constructor() {
    this.reached();
  }

  /** The server took it: the next failure is a first one. */
  reached() {
    /** Milliseconds until the next try. */
    this.wait = FIRST_WAIT;
    this.faults = 0;
  }

  /** @param {number} status */
  failed(status) {
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    this.faults = isFault(status) ? this.faults + 1 : 0;
  }

  /** Tries at once, without forgetting what failed. */
  hurry() {
    this.wait = FIRST_WAIT;
  }

  /** Whether what is sent fails each time. */
  get isStuck() {
    return this.faults >= MOST_FAULTS;
  }
}
