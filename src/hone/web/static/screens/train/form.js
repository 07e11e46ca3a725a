// @ts-check
// The recipe that is being written: what the shelves offer, what was chosen, its plan and its start.

import { batch, computed, signal } from "../../vendor/preact.js";
import { get, post } from "../../lib/api.js";
import { go } from "../../lib/route.js";
import { texts } from "../../texts.js";
import { notify } from "../../ui/toast.js";

const words = texts.train;
const BUNDLED = "hone-nano";

/** What there is to choose from. */
export const menu = signal(/** @type {any} */ (null));
/** Keys of the recipe that stand at its top. */
export const top = signal(/** @type {Record<string, any>} */ ({}));
/** Dotted key -> value; only what differs from a method's own default. */
export const options = signal(/** @type {Record<string, any>} */ ({}));
export const isAdapter = signal(true);
export const begun = signal("");
export const planned = signal(/** @type {any} */ (null));
export const error = signal(/** @type {any} */ (null));
export const problems = signal(/** @type {string[]} */ ([]));
/** What a target said of itself, by its name. */
export const checks = signal(/** @type {Record<string, any>} */ ({}));
export const isBusy = signal(false);
/** Whether somebody is asked if it shall begin. */
export const isAsking = signal(false);

export const method = computed(() => menu.value?.methods.find((/** @type {any} */ one) => one.name === (top.value.method ?? "sft")));
export const dataset = computed(() => {
  const chosen = String(top.value.dataset ?? "").split("@")[0];
  return menu.value?.datasets.find((/** @type {any} */ one) => one.name === chosen);
});
/** Whether the method trains on rows of the chosen dataset's format. */
export const doesFit = computed(() => !dataset.value || !method.value || method.value.formats.includes(dataset.value.format));

/** The recipe as its file would hold it. */
export const recipe = computed(() => {
  /** @type {Record<string, any>} */
  const found = { ...top.value };
  if (isAdapter.value) found.lora = {};
  const known = new Set([...(method.value?.options ?? []), ...(menu.value?.lora ?? [])].map((/** @type {any} */ one) => one.key));
  for (const [key, value] of Object.entries(options.value)) {
    const [section, name] = key.split(".");
    if (!known.has(key) || (section === "lora" && !isAdapter.value)) continue;
    found[section] = { ...found[section], [name]: value };
  }
  return found;
});

/** Brings what there is; the form keeps what was written before. @param {string} [like] */
export async function look(like) {
  try {
    const found = await get("/trainings/menu");
    batch(() => {
      menu.value = found;
      error.value = null;
    });
    if (like && like !== begun.value) await begin(like);
    else if (!top.value.base) change({ base: BUNDLED, dataset: found.datasets.at(-1)?.name ?? "", method: fitting(found), on: "local" });
  } catch (failed) {
    error.value = failed;
  }
}

/** A method that trains on the newest dataset. @param {any} found */
const fitting = (found) => found.methods.find((/** @type {any} */ one) => one.formats.includes(found.datasets.at(-1)?.format))?.name ?? "sft";

/** Fills the form from a recipe, or from the way a version was trained. @param {string} named */
export async function begin(named) {
  try {
    const found = await get("/trainings/recipe", { named });
    /** @type {Record<string, any>} */
    const flat = {};
    for (const section of ["training", "data", "lora"]) {
      for (const [name, value] of Object.entries(found[section] ?? {})) flat[`${section}.${name}`] = value;
    }
    const { training: _, data: __, lora, ...rest } = found;
    const isKnown = menu.value.datasets.some((/** @type {any} */ one) => one.name === String(rest.dataset).split("@")[0]);
    batch(() => {
      top.value = { on: "local", ...rest, dataset: isKnown ? rest.dataset : (menu.value.datasets.at(-1)?.name ?? "") };
      options.value = flat;
      isAdapter.value = lora !== undefined;
      begun.value = named;
      planned.value = null;
      problems.value = [];
      error.value = null;
    });
  } catch (failed) {
    error.value = failed;
  }
}

/** @param {Record<string, any>} changed an empty value takes the key away */
export function change(changed) {
  const kept = Object.entries({ ...top.value, ...changed }).filter(([, value]) => value !== "" && value !== null);
  batch(() => {
    top.value = Object.fromEntries(kept);
    planned.value = null;
  });
}

/** @param {any} option @param {any} value undefined: its default again */
export function set(option, value) {
  const { [option.key]: _, ...others } = options.value;
  batch(() => {
    options.value = value === undefined || value === option.default ? others : { ...others, [option.key]: value };
    planned.value = null;
  });
}

/** @param {boolean} isOn */
export function useAdapter(isOn) {
  batch(() => {
    isAdapter.value = isOn;
    planned.value = null;
  });
}

/** @param {any} option */
export const valueOf = (option) => (option.key in options.value ? options.value[option.key] : option.default);

export const plan = () => doing(async () => {
  planned.value = await post("/trainings/plan", { recipe: recipe.value });
});

/** Plans anew, so that what is agreed to is what there is now, and asks. */
export async function ask() {
  await plan();
  if (planned.value) isAsking.value = true;
}

export const start = () => doing(async () => {
  isAsking.value = false;
  const job = await post("/trainings", { recipe: recipe.value, price_usd: planned.value.plan.price_usd });
  notify(words.begun(job.about), { tone: "ok" });
  go("jobs", { id: job.id });
});

/** @param {string} name */
export const check = (name) => doing(async () => {
  checks.value = { ...checks.value, [name]: await post(`/trainings/targets/${encodeURIComponent(name)}/check`, {}) };
});

/** @param {() => Promise<void>} work */
async function doing(work) {
  isBusy.value = true;
  try {
    await work();
    batch(() => {
      error.value = null;
      problems.value = [];
    });
  } catch (failed) {
    batch(() => {
      error.value = failed;
      problems.value = failed.problems ?? [];
      isAsking.value = false;
    });
  } finally {
    isBusy.value = false;
  }
}
