// @ts-check
// What an answer is for each kind of task. Python judges it in the end; this spares a round trip.

import { texts } from "../../texts.js";

/** The name of the text that makes up the answer; null where it is made of fields or labels. @param {any} task */
export const textField = (task) =>
  ({ qa: "answer", chat: "reply" })[/** @type {"qa"} */ (task?.kind)] ?? null;

/** The text of an answer that is a text. @param {any} task @param {any} output */
export const textOf = (task, output) => String(output?.[textField(task) ?? ""] ?? "");

/** The answer that holds nothing. @param {any} task */
export const emptyAnswer = (task) => (task.kind === "score" ? { labels: {} } : task.many ? [] : {});

/** The records of an extract task's answer. @param {any} task @param {any} output @returns {any[]} */
export function recordsOf(task, output) {
  if (task.many) return Array.isArray(output) ? output : [];
  return [output ?? {}];
}

/** An answer with one field of one record changed; an empty value leaves the field out. @param {any} task @param {any} output @param {{place: number, name: string, value: any}} change */
export function withField(task, output, { place, name, value }) {
  const records = recordsOf(task, output).map((record, index) => {
    if (index !== place) return record;
    const { [name]: _old, ...others } = record;
    return value === null ? others : { ...others, [name]: value };
  });
  return task.many ? records : records[0];
}

/** What a person typed into a field, as the value it means. @param {any} field @param {string} typed */
export function valueOf(field, typed) {
  if (typed.trim() === "") return null;
  if (field.type === "boolean") return typed === "true";
  if (field.type !== "number" && field.type !== "integer") return typed;
  const figure = Number(typed.replace(",", "."));
  return Number.isNaN(figure) ? typed : figure;
}

/** Everything that is wrong with an answer, in sentences. @param {any} task @param {any} output @returns {string[]} */
export function problemsOf(task, output) {
  if (!task) return [];
  if (textField(task)) return textOf(task, output).trim() ? [] : [texts.problems.emptyAnswer];
  if (task.kind === "score") return labelProblems(task, output?.labels ?? {});
  return recordsOf(task, output).flatMap((record, place) =>
    Object.entries(task.fields).flatMap(([name, field]) => {
      const problem = fieldProblem(name, field, record[name]);
      return problem ? [task.many ? texts.problems.inRecord(place + 1, problem) : problem] : [];
    }),
  );
}

/** @param {string} name @param {any} field @param {any} value */
export function fieldProblem(name, field, value) {
  const { missing, number, whole, oneOf, date } = texts.problems;
  if (value === null || value === undefined) return field.required ? missing(name) : "";
  if (field.type === "number" || field.type === "integer") {
    if (typeof value !== "number" || !Number.isFinite(value)) return number(name);
    return field.type === "integer" && !Number.isInteger(value) ? whole(name) : "";
  }
  if (field.type === "enum") return field.values.includes(value) ? "" : oneOf(name, field.values);
  if (field.type === "date") return isDate(value) ? "" : date(name);
  return "";
}

/** @param {any} task @param {Record<string, any>} labels */
function labelProblems(task, labels) {
  const [lowest, highest] = task.scale;
  return namesOf(task).flatMap((name) => {
    const value = labels[name];
    if (value === null || value === undefined) return [texts.problems.missing(name)];
    const fits = typeof value === "number" && value >= lowest && value <= highest;
    return fits ? [] : [texts.problems.outside(name, lowest, highest)];
  });
}

/** The dimensions of a score task in order. @param {any} task @returns {string[]} */
export const namesOf = (task) =>
  (task.dimensions ?? []).map((/** @type {any} */ one) => (typeof one === "string" ? one : one.name));

/** @param {any} value */
function isDate(value) {
  if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const at = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(at.valueOf()) && at.toISOString().startsWith(value);
}

/**
 * Pounds of a record by the task's table, to show beside what is typed; null where quantity or
 * unit are not known: an unknown weight stays unknown.
 * @param {any} task
 * @param {any} record
 */
export function poundsOf(task, record) {
  const each = task.weights_in_pounds?.[record.unit];
  return typeof each === "number" && typeof record.quantity === "number" ? each * record.quantity : null;
}

/**
 * The name of the tier in which a value lies.
 * @param {Array<{name: string, below?: number|null}>|null|undefined} tiers in rising order
 * @param {number} value
 */
export const tierOf = (tiers, value) =>
  tiers?.find((tier) => typeof tier.below !== "number" || value < tier.below)?.name ?? "";

/**
 * The answers that can be taken by a key, numbered as the comparison shows them: what stands now,
 * then what was suggested.
 * @param {any} example
 * @returns {Array<{agent: string, score: number|null, output: any}>}
 */
export function candidatesOf(example) {
  const now = { agent: texts.review.standing, score: null, output: example.output };
  return example.output === null ? example.suggestions : [now, ...example.suggestions];
}
