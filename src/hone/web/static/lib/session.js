// @ts-check
// Who is signed in, on which workspace, with which tasks and keys.

import { batch, computed, signal } from "../vendor/preact.js";
import { call, get, isSignedOut, post } from "./api.js";
import { keyboard } from "./keys.js";
import * as outbox from "./outbox.js";
import * as stream from "./stream.js";

export const session = signal(/** @type {any} */ (null));
export const tasks = signal(/** @type {any[]} */ ([]));
/** Why nobody could be signed in; shown on the sign-in screen. */
export const refusal = signal(/** @type {any} */ (null));

export const isSignedIn = computed(() => Boolean(session.value?.user) && !isSignedOut.value);
export const mayReview = computed(() => ["reviewer", "trainer", "admin"].includes(session.value?.role));
export const mayManage = computed(() => session.value?.role === "admin");

let openedFor = "";

/** Signs in with the token of the address, if there is one, and asks who we are. */
export async function begin() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) {
    history.replaceState(null, "", location.pathname);
    try {
      await take(await post("/session", { token }));
      return;
    } catch (error) {
      refusal.value = error;
    }
  }
  await take(await get("/session"));
}

/** @param {{token: string}|{name: string, password: string}} proof */
export async function signIn(proof) {
  refusal.value = null;
  await take(await post("/session", proof));
}

export async function signOut() {
  await call("DELETE", "/session");
  location.reload();
}

/** Tasks may have changed: an import can bring one. */
export async function refreshTasks() {
  tasks.value = await get("/tasks");
}

/** @param {string} name */
export const taskNamed = (name) => tasks.value.find((task) => task.name === name);

/** @param {any} found */
async function take(found) {
  if (!found.user) {
    session.value = found;
    return;
  }
  isSignedOut.value = false;
  const [foundTasks, keys] = await Promise.all([get("/tasks"), get("/settings/keyboard")]);
  batch(() => {
    session.value = found;
    tasks.value = foundTasks;
    keyboard.value = keys;
    refusal.value = null;
  });
  const scope = `${found.workspace.path}|${found.user}`;
  if (openedFor !== scope) outbox.open(scope);
  else outbox.retryNow();
  openedFor = scope;
  if (found.event_stream) stream.start();
}
