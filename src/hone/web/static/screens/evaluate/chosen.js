// @ts-check
// What the screen is about: the evaluation, whose scores, which bands, in which order; its address.

import { batch, computed, signal } from "../../vendor/preact.js";
import { get } from "../../lib/api.js";
import { remembered } from "../../lib/choices.js";
import { Pages } from "../../lib/pages.js";
import { rewrite } from "../../lib/route.js";

export const BANDS = ["red", "orange", "yellow", "green"];
export const ORDERS = ["worst", "best", "asked", "lost", "won"];

/** Which part of the screen is open. */
export const tab = remembered("evaluate-tab", "examples");
/** Every evaluation in a list, newest first. */
export const lines = signal(/** @type {any[]|null} */ (null));
/** The one that is shown, with its spread. */
export const view = signal(/** @type {any} */ (null));
export const error = signal(/** @type {any} */ (null));
export const which = signal({ id: "", who: "", bands: /** @type {string[]} */ ([]), order: "worst", against: "", text: "" });
/** The place of the example that is shown in full. */
export const at = signal(0);

export const scored = new Pages(({ start, limit }) => get(`/evaluations/${which.value.id}/examples`, { ...query(), start, limit }));
export const current = computed(() => (void scored.arrived.value, scored.at(at.value)));

const query = () => {
  const { who, bands, order, against, text } = which.value;
  const isPaired = order === "lost" || order === "won";
  return { contender: who, band: bands, order, against: isPaired ? against : "", text };
};

/** Takes the screen up as the address says. @param {URLSearchParams} params */
export async function open(params) {
  try {
    lines.value = await get("/evaluations");
    error.value = null;
  } catch (failed) {
    error.value = failed;
    return;
  }
  const id = params.get("id") || lines.value?.[0]?.id || "";
  if (!id || (id === which.value.id && view.value)) return;
  await show(id, {
    who: params.get("who") ?? "",
    bands: params.getAll("band").filter((one) => BANDS.includes(one)),
    order: ORDERS.includes(params.get("order") ?? "") ? /** @type {string} */ (params.get("order")) : "worst",
    against: params.get("against") ?? "",
    text: params.get("text") ?? "",
  });
}

/** Shows an evaluation that has just been made. @param {string} id */
export async function reload(id) {
  lines.value = await get("/evaluations");
  await show(id);
}

/** Shows an evaluation from its first place on. @param {string} id @param {Partial<typeof which.value>} [choice] */
export async function show(id, choice = {}) {
  try {
    const found = await get(`/evaluations/${id}`);
    const names = found.evaluation.rows.map((/** @type {any} */ row) => row.contender);
    const who = names.includes(choice.who) ? choice.who : found.main;
    const others = names.filter((/** @type {string} */ name) => name !== who);
    const against = others.includes(choice.against) ? choice.against : (others[0] ?? "");
    const isPaired = choice.order === "lost" || choice.order === "won";
    const order = isPaired && !against ? "worst" : (choice.order ?? "worst");
    batch(() => {
      view.value = found;
      error.value = null;
      which.value = { id, who, bands: choice.bands ?? [], order, against, text: choice.text ?? "" };
      at.value = 0;
    });
    await begin();
  } catch (failed) {
    error.value = failed;
  }
}

/** Changes what is listed. @param {Partial<typeof which.value>} change */
export async function choose(change) {
  batch(() => {
    which.value = { ...which.value, ...change };
    if (which.value.against === which.value.who) which.value = { ...which.value, against: others()[0] ?? "" };
    at.value = 0;
  });
  await begin();
}

/** Everybody who answered but the one whose scores are shown. @returns {string[]} */
export function others() {
  const rows = view.value?.evaluation.rows ?? [];
  return rows.map((/** @type {any} */ row) => row.contender).filter((/** @type {string} */ name) => name !== which.value.who);
}

/** Only one band, or all of them again. @param {string} band */
export function toggleBand(band) {
  const { bands } = which.value;
  choose({ bands: bands.includes(band) ? bands.filter((one) => one !== band) : [...bands, band] });
}

async function begin() {
  const { id, who, bands, order, against, text } = which.value;
  const isMain = who === view.value?.main;
  const isPaired = order === "lost" || order === "won";
  rewrite("evaluate", {
    id, who: isMain ? "" : who, band: bands, order: order === "worst" ? "" : order, against: isPaired ? against : "", text,
  });
  await scored.begin();
}
