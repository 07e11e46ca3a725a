// @ts-check
// Numbers, times and one-line excerpts as people read them.

const NUMBER = new Intl.NumberFormat("en");
const DAY = new Intl.DateTimeFormat("en", { dateStyle: "medium" });
const MOMENT = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
const EXCERPT = 160;

/** @param {number|null|undefined} value */
export const number = (value) => (value === null || value === undefined ? "–" : NUMBER.format(value));

/** A share between 0 and 1 with two decimals. @param {number|null|undefined} value */
export const score = (value) => (typeof value === "number" ? value.toFixed(2) : "–");

/** @param {number|null|undefined} value */
export const percent = (value) => (typeof value === "number" ? `${Math.round(value * 100)} %` : "–");

/** @param {string|null|undefined} text an ISO time */
export function moment(text) {
  const at = text ? new Date(text) : null;
  return at && !Number.isNaN(at.valueOf()) ? MOMENT.format(at) : "";
}

/** @param {string|null|undefined} text an ISO day */
export function day(text) {
  const at = text ? new Date(text) : null;
  return at && !Number.isNaN(at.valueOf()) ? DAY.format(at) : "";
}

/** @param {number} bytes */
export function size(bytes) {
  const units = ["bytes", "kB", "MB", "GB"];
  let amount = bytes;
  let place = 0;
  while (amount >= 1000 && place < units.length - 1) {
    amount /= 1000;
    place += 1;
  }
  return `${amount >= 10 || place === 0 ? Math.round(amount) : amount.toFixed(1)} ${units[place]}`;
}

/** @param {number} seconds */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/**
 * The text of an example's input that tells it from others, on one line.
 * @param {any} example
 */
export function excerpt(example) {
  const input = example.input ?? {};
  const turns = Array.isArray(input.messages) ? input.messages : [];
  const text =
    input.question ?? input.message ?? (input.title || input.content) ?? turns.at(-1)?.content ?? "";
  return String(text).slice(0, 2 * EXCERPT).replace(/\s+/g, " ").trim().slice(0, EXCERPT);
}

/**
 * An answer as people read it.
 * @param {any} output
 * @returns {string}
 */
export function answerText(output) {
  if (output === null || output === undefined) return "";
  if (typeof output === "string") return output;
  if (typeof output.answer === "string") return output.answer;
  if (typeof output.reply === "string") return output.reply;
  if (Array.isArray(output)) return output.map(recordText).join("\n");
  return recordText(output.labels ?? output);
}

/** @param {any} record */
function recordText(record) {
  if (record === null || typeof record !== "object") return String(record);
  return Object.entries(record)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(", ");
}

/** Whether two JSON values are the same, whatever the order of their keys. @param {any} one @param {any} other */
export function isSame(one, other) {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

/** @param {any} value @returns {any} */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value ?? null;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name])]));
}
