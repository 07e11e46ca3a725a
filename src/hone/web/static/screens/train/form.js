// @ts-check
// The recipe that is being written: what the shelves offer, what was chosen, its plan and its start.

import { batch, computed, signal } from "../../vendor/preact.js";
import { get, post } from "../../lib/api.js";
import { go } from "../../lib/route.js";
import { tasks } from "../../lib/session.js";
import { texts } from "../../texts.js";
import { notify } from "../../ui/toast.js";

const words = texts.train;
const BUNDLED = "hone-nano";
/** What the recipes for questions and answers train, and what an absent base of theirs is replaced by. */
const USUAL = "Qwen/Qwen2.5-7B-Instruct";
/** Training types: the method, the format of its rows, and the recipe with its defaults. */
export const TYPES = /** @type {Record<string, {method: string, format: string, recipe: string}>} */ ({
  sft: { method: "sft", format: "sft", recipe: "qa_lora" },
  raft: { method: "sft", format: "raft", recipe: "qa_raft" },
  dpo: { method: "dpo", format: "dpo", recipe: "qa_dpo" },
});

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
/** Whether a training is on its way to the server. */
export const isSubmitting = signal(false);
const chosenType = signal("");
/** The type whose recipe is on its way: what is prepared meanwhile is prepared for it. */
const comingType = signal("");
/** What the server says of a base that was typed. */
export const judged = signal(/** @type {any} */ (null));
/** Whether a base is written by hand. */
export const isOtherBase = signal(false);
/** Whether somebody is asked if it shall begin. */
export const isAsking = signal(false);

export const method = computed(() => menu.value?.methods.find((/** @type {any} */ one) => one.name === (top.value.method ?? "sft")));
export const dataset = computed(() => {
  const wanted = String(top.value.dataset ?? "");
  const found = menu.value?.datasets.find((/** @type {any} */ one) => one.name === wanted.split("@")[0]);
  // An older version, as a recipe names it, is what will be trained on, not the newest.
  return found && wanted.includes("@") && wanted !== found.ref ? { ...found, ref: wanted, name: wanted, rows: null } : found;
});
/** Whether the method trains on rows of the chosen dataset's format. */
export const doesFit = computed(() => !dataset.value || !method.value || method.value.formats.includes(dataset.value.format));

/** The training type that was chosen, as long as the form still says it. */
export const type = computed(() => {
  const wanted = TYPES[chosenType.value];
  const isStill = wanted && method.value?.name === wanted.method && (dataset.value?.format ?? wanted.format) === wanted.format;
  return comingType.value || (isStill ? chosenType.value : "");
});

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
    // What a version was trained on and is not offered, such as a control, is nothing else instead.
    const isVersion = named.includes("@");
    const isKnown = menu.value.datasets.some((/** @type {any} */ one) => one.name === String(rest.dataset).split("@")[0]);
    batch(() => {
      top.value = { on: "local", ...rest, dataset: isKnown ? rest.dataset : isVersion ? "" : (menu.value.datasets.at(-1)?.name ?? "") };
      options.value = flat;
      isAdapter.value = lora !== undefined;
      isOtherBase.value = false;
      judged.value = null;
      begun.value = named;
      planned.value = null;
      problems.value = [];
      error.value = null;
    });
  } catch (failed) {
    error.value = failed;
  }
}

/** Fills the form for a training type: its recipe's defaults, and the newest dataset of its format. @param {string} name */
export async function chooseType(name) {
  comingType.value = name;
  try {
    await becomeType(name);
  } finally {
    if (comingType.value === name) comingType.value = "";
  }
}

/** @param {string} name */
async function becomeType(name) {
  const wanted = TYPES[name];
  const isOfQuestions = tasks.value.some((one) => one.is_default && one.kind === "qa");
  if (isOfQuestions) await begin(wanted.recipe);
  // Another one may have been chosen while its recipe was on its way.
  if ((isOfQuestions && error.value) || comingType.value !== name) return;
  const base = top.value.base ?? BUNDLED;
  const isHere = !base.includes("@") || menu.value.recipes.some((/** @type {any} */ one) => one.is_version && one.name === base);
  const { name: _, ...rest } = top.value;
  batch(() => {
    top.value = rest;
    change({ method: wanted.method, base: isHere ? base : USUAL, dataset: newestOf(wanted.format)?.name ?? "" });
    chosenType.value = name;
  });
}

/** @param {string} format */
const newestOf = (format) => menu.value.datasets.findLast((/** @type {any} */ one) => one.format === format);

/** Takes a version that was just frozen up as the one to train on. @param {string} ref */
export async function take(ref) {
  menu.value = await get("/trainings/menu");
  change({ dataset: ref.split("@")[0] });
}

/** Takes a base, and asks whether an adapter can be trained on it. @param {string} id */
export async function chooseBase(id) {
  change({ base: id });
  judged.value = null;
  if (!id) return;
  try {
    const found = await get("/trainings/base", { named: id });
    if (top.value.base === id) judged.value = found;
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

/** What the last plan said of an option, without its key. @param {any} option */
export function problemOf(option) {
  const said = problems.value.find((one) => one.startsWith(`${option.key}: `));
  return said && said.slice(option.key.length + 2);
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
  batch(() => {
    isAsking.value = false;
    isSubmitting.value = true;
  });
  try {
    const job = await post("/trainings", { recipe: recipe.value, price_usd: planned.value.plan.price_usd });
    notify(words.begun(job.about), { tone: "ok" });
    go("jobs", { id: job.id });
  } finally {
    isSubmitting.value = false;
  }
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
