// @ts-check
// What undo and redo take next: our own operations since the page was opened, the newest of them.

/** Older ones are known to the server: it is asked for the newest that stands. */
const MOST = 200;

/** @typedef {{op_id: string, example: any, after: any}} Step */

export class Steps {
  constructor() {
    this.undo = /** @type {Step[]} */ ([]);
    this.redo = /** @type {Step[]} */ ([]);
  }

  /** Something new was decided: there is nothing to repeat any more. @param {Step} step */
  add(step) {
    this.undo.push(step);
    if (this.undo.length > MOST) this.undo.shift();
    this.redo.length = 0;
  }

  /** The next step; undefined where only the server knows one. @param {"undo"|"redo"} kind */
  next(kind) {
    return this[kind].at(-1);
  }

  /** The next step was taken: the other key takes it back. @param {"undo"|"redo"} kind */
  take(kind) {
    const step = this[kind].pop();
    if (step) this[kind === "undo" ? "redo" : "undo"].push(step);
  }

  /** The next step leads nowhere: what it took back never arrived. @param {"undo"|"redo"} kind */
  drop(kind) {
    this[kind].pop();
  }
}
