// @ts-check
// Who is signed in, on which workspace, with which tasks and keys.

import { batch, computed, effect, signal } from "../vendor/preact.js";
import { call, get, isElsewhere, isSignedOut, post } from "./api.js";
import { keyboard } from "./keys.js";
import * as outbox from "./outbox.js";
import * as stream from "./stream.js";

export const session = signal(/** @type {any} */ (null));
export const tasks = signal(/** @type {any[]} */ ([]));
/** Why nobody could be signed in; shown on the sign-in screen. */
export const refusal = signal(/** @type {any} */ (null));

export const isSignedIn = computed(() => Boolean(session.value?.user) && !isSignedOut.value);
/** The workspace cannot be written: everybody looks, nobody decides. */
export const isReadOnly = computed(() => Boolean(session.value?.is_read_only));
export const mayReview = computed(
  () => !isReadOnly.value && ["reviewer", "trainer", "admin"].includes(session.value?.role),
);
/** Whether a version may be chosen and trainings begun. */
export const mayTrain = computed(() => !isReadOnly.value && ["trainer", "admin"].includes(session.value?.role));
export const mayManage = computed(() => !isReadOnly.value && session.value?.role === "admin");

let openedFor = "";
effect(() => {
  // The page begins anew as theirs; what was decided before is kept for who decided it.
  if (isElsewhere.value) location.reload();
});

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
  // What the page remembers, such as what undo takes back, is another person's.
  if (openedFor && openedFor !== scope) isElsewhere.value = true;
  if (openedFor !== scope) outbox.open(scope, found.seat);
  else outbox.retryNow();
  openedFor = scope;
  if (found.event_stream) stream.start();
}
