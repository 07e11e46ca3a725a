// @ts-check
// What this browser keeps until the server has it: one storage entry per operation, and drafts.

const OPERATION = "hone:op:";
const DRAFT = "hone:draft:";
const PROBE = 4000;

/**
 * @typedef {object} Entry
 * @property {string} key its place in the storage; keys sort by age
 * @property {string} op_id
 * @property {"decide"|"undo"|"redo"} kind
 * @property {any} body what is sent
 * @property {string} example_id
 * @property {string} from the status before
 * @property {string} to the status that it asks for
 * @property {string} title how people recognise the example
 * @property {any} [patch] what it changes in the shown example
 * @property {"queued"|"refused"|"conflict"} state
 * @property {string} [reason] why it was refused
 * @property {string} [hint]
 * @property {boolean} [isAgain] a person sent it again: what is shown of the example is old
 */

export class Kept {
  /**
   * @param {Storage} storage
   * @param {string} scope whose and of which workspace; nobody else's entries are touched
   */
  constructor(storage, scope) {
    this.storage = storage;
    this.scope = encodeURIComponent(scope);
    this.count = 0;
  }

  /** A new place in the storage, behind every earlier one. @param {string} id */
  key(id) {
    this.count += 1;
    const at = String(Date.now()).padStart(15, "0");
    return `${OPERATION}${this.scope}:${at}:${String(this.count).padStart(6, "0")}:${id}`;
  }

  /** @returns {Entry[]} oldest first */
  entries() {
    const found = [];
    for (const key of this.names(OPERATION)) {
      const value = this.read(key);
      if (value?.op_id) found.push({ ...value, key });
    }
    return found.sort((one, other) => (one.key < other.key ? -1 : 1));
  }

  /** Throws where the storage is full or blocked. @param {Entry} entry */
  write(entry) {
    this.storage.setItem(entry.key, JSON.stringify({ ...entry, key: undefined }));
  }

  /** @param {string} key */
  remove(key) {
    this.storage.removeItem(key);
  }

  /** Throws where the storage is full or blocked. */
  probe() {
    this.storage.setItem(`${DRAFT}probe`, "x".repeat(PROBE));
    this.storage.removeItem(`${DRAFT}probe`);
  }

  /** Throws where the storage is full or blocked. @param {string} id @param {any} draft */
  writeDraft(id, draft) {
    this.storage.setItem(`${DRAFT}${this.scope}:${id}`, JSON.stringify(draft));
  }

  /** @param {string} id */
  removeDraft(id) {
    this.storage.removeItem(`${DRAFT}${this.scope}:${id}`);
  }

  /** @returns {Record<string, any>} example id -> draft */
  drafts() {
    const found = /** @type {Record<string, any>} */ ({});
    for (const key of this.names(DRAFT)) {
      const value = this.read(key);
      if (value) found[key.slice(key.lastIndexOf(":") + 1)] = value;
    }
    return found;
  }

  /** @param {string} kind */
  names(kind) {
    const prefix = `${kind}${this.scope}:`;
    const found = [];
    for (let place = 0; place < this.storage.length; place += 1) {
      const key = this.storage.key(place);
      if (key?.startsWith(prefix)) found.push(key);
    }
    return found;
  }

  /** @param {string} key */
  read(key) {
    try {
      return JSON.parse(this.storage.getItem(key) ?? "null");
    } catch {
      return null; // not ours: nothing of Hone writes half an entry
    }
  }
}

/** Whether a key of the storage belongs to operations. @param {string|null} key */
export const isOperation = (key) => key === null || key.startsWith(OPERATION);
