// @ts-check
// Talks to the server: JSON in and out, every failure an ApiError with a sentence and a hint.

import { signal } from "../vendor/preact.js";
import { texts } from "../texts.js";

/** True once the server has said that nobody is signed in (any more). */
export const isSignedOut = signal(false);
/** True once somebody else has signed in, in another tab: nothing of this page is theirs. */
export const isElsewhere = signal(false);

export class ApiError extends Error {
  /**
   * @param {number} status HTTP status; 0: the server was not reached
   * @param {string} error what happened
   * @param {string} hint what to try
   * @param {string[]} [problems] each of several
   */
  constructor(status, error, hint, problems = []) {
    super(error);
    this.problems = problems;
    this.status = status;
    this.hint = hint;
  }
}

/**
 * @param {string} method
 * @param {string} path below /api
 * @param {unknown} [body] sent as JSON; a file is JSON already
 * @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 */
export async function call(method, path, body, options = {}) {
  /** @type {Record<string, string>} */
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  try {
    const answer = await fetch(`/api${path}`, {
      method,
      headers,
      body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
      credentials: "same-origin",
      signal: options.signal,
    });
    if (!answer.ok) throw await failure(answer);
    return answer.status === 204 ? null : await answer.json();
  } catch (error) {
    if (options.signal?.aborted || error instanceof ApiError) throw error;
    // Not reached, cut off half-way, or no JSON: somebody else answered in the server's name.
    throw unreached();
  }
}

/** @param {string} path @param {Record<string, any>} [query] @param {{signal?: AbortSignal}} [options] */
export const get = (path, query, options) => call("GET", path + search(query), undefined, options);
/** @param {string} path @param {unknown} body */
export const post = (path, body) => call("POST", path, body);
/** @param {string} path @param {unknown} body */
export const put = (path, body) => call("PUT", path, body);

/**
 * Sends a file as the raw body and reports the bytes that have left.
 * @param {string} path
 * @param {Blob} file
 * @param {(share: number) => void} [onProgress] 0 to 1
 * @returns {Promise<any>}
 */
export function upload(path, file, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api${path}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "text";
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress?.(event.loaded / event.total);
    };
    request.onerror = () => reject(unreached());
    request.onload = () => {
      const found = parsed(request.responseText);
      if (request.status < 400) resolve(found);
      else reject(asError(request.status, found));
    };
    request.send(file);
  });
}

/**
 * A query string; lists are repeated, empty values left out.
 * @param {Record<string, any>} [query]
 */
export function search(query) {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    const values = Array.isArray(value) ? value : [value];
    for (const one of values) {
      if (one !== undefined && one !== null && one !== "") found.append(name, String(one));
    }
  }
  const text = found.toString();
  return text && `?${text}`;
}

/** Lets the browser download what stands at an address of the API. @param {string} path */
export function download(path) {
  const link = document.createElement("a");
  link.href = `/api${path}`;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}

export const unreached = () => new ApiError(0, texts.errors.unreached, texts.errors.unreachedHint);

/** @param {Response} answer */
async function failure(answer) {
  return asError(answer.status, parsed(await answer.text()));
}

/** @param {number} status @param {any} found */
function asError(status, found) {
  if (status === 401) isSignedOut.value = true;
  if (status === 412) isElsewhere.value = true;
  const error = typeof found?.error === "string" ? found.error : texts.errors.status(status);
  return new ApiError(status, error, typeof found?.hint === "string" ? found.hint : "", Array.isArray(found?.problems) ? found.problems.map(String) : []);
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // a proxy's page; the status is said instead
  }
}
