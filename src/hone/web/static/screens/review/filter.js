// @ts-check
// Which examples are shown: the address's parameters, the server's query, the words of the menus.

import { texts } from "../../texts.js";

export const ALL = "all";
const STATUSES = ["pending", "accepted", "edited", "rejected", "flagged", "skipped", "unknown"];
/** The choices of the status menu -> the statuses that they mean; empty: every one. */
const MEANT = /** @type {Record<string, string[]>} */ ({
  all: [],
  audited: ["accepted", "edited"],
  ...Object.fromEntries(STATUSES.map((name) => [name, [name]])),
});
export const ORDERS = ["file", "newest", "least_certain", "most_valuable"];
export const FURTHER = /** @type {const} */ (["tag", "file", "reviewer", "since", "until", "min_score", "max_score"]);

/**
 * @typedef {{task: string, status: string, order: string, text: string, tag: string, file: string,
 *   reviewer: string, since: string, until: string, min_score: string, max_score: string}} Filter
 */

/** @param {URLSearchParams} params @param {string} defaultTask @returns {Filter} */
export function fromParams(params, defaultTask) {
  const text = (/** @type {string} */ name) => params.get(name) ?? "";
  const status = text("status");
  const order = text("order");
  return {
    task: text("task") || defaultTask,
    status: status in MEANT ? status : "pending",
    order: ORDERS.includes(order) ? order : "file",
    text: text("text"), tag: text("tag"), file: text("file"), reviewer: text("reviewer"),
    since: text("since"), until: text("until"), min_score: text("min_score"), max_score: text("max_score"),
  };
}

/** The parameters of the address; what is usual is left out. @param {Filter} filter */
export function toParams(filter) {
  const { order, status, ...others } = filter;
  return {
    ...others,
    status: status === "pending" ? "" : status,
    order: order === "file" ? "" : order,
  };
}

/** What the server is asked. @param {Filter} filter */
export function toQuery(filter) {
  const { status, ...others } = filter;
  return { ...others, status: MEANT[status] };
}

/** The same for a decision about many; the order does not matter there. @param {Filter} filter @param {string[]} status */
export function toChoice(filter, status) {
  const list = (/** @type {string} */ one) => (one ? [one] : []);
  const figure = (/** @type {string} */ one) => (one === "" ? null : Number(one));
  const { task, text, reviewer, since, until } = filter;
  const choice = {
    status, task, text, tags: list(filter.tag), files: list(filter.file),
    reviewer: reviewer || null, since: since || null, until: until || null,
    min_score: figure(filter.min_score), max_score: figure(filter.max_score),
  };
  return Object.fromEntries(Object.entries(choice).filter(([, value]) => value !== null));
}

/** Whether more than status and order narrows the list. @param {Filter} filter */
export const isNarrow = (filter) => filter.text !== "" || further(filter) > 0;

/** How many of the further conditions are set. @param {Filter} filter */
export const further = (filter) => FURTHER.filter((name) => filter[name] !== "").length;

/** How many examples have the statuses of the filter. @param {Filter} filter @param {Record<string, number>} counters */
export function statusTotal(filter, counters) {
  const statuses = MEANT[filter.status].length ? MEANT[filter.status] : STATUSES;
  return statuses.reduce((sum, name) => sum + (counters[name] ?? 0), 0);
}

/**
 * The status menu of a kind of task, with counts.
 * @param {string} kind
 * @param {Record<string, number>} counters
 * @returns {Array<[string, string]>}
 */
export function statusOptions(kind, counters) {
  const names =
    kind === "extract"
      ? ["pending", ALL, "audited", "rejected", "flagged", "skipped", "unknown"]
      : ["pending", ALL, ...STATUSES.slice(1)];
  return names.map((name) => {
    const count = statusTotal(/** @type {any} */ ({ status: name }), counters);
    return [name, texts.review.statusFilter(name, kind, count)];
  });
}
