// @ts-check
// The English texts of the review screen.

const NUMBER = new Intl.NumberFormat("en");

const THINGS = {
  qa: ["Pair", "pairs"], extract: ["Message", "messages"], score: ["Article", "articles"], chat: ["Conversation", "conversations"],
};
const VERDICTS = { accept: "Accept", reject: "Reject", skip: "Skip", flag: "Flag", unknown: "Mark as not known", reset: "Set back" };

/** @param {string|undefined} kind @returns {[string, string]} */
const thing = (kind) => /** @type {any} */ (THINGS)[kind ?? ""] ?? ["Example", "examples"];

/** @param {number} count @param {string|undefined} kind */
const things = (count, kind) => {
  const [one, many] = thing(kind);
  return count === 1 ? `1 ${one.toLowerCase()}` : `${NUMBER.format(count)} ${many}`;
};

const STATUS_FILTERS = {
  pending: "Pending", all: "All", audited: "Accepted", accepted: "Accepted", edited: "Edited",
  rejected: "Rejected", flagged: "Flagged", skipped: "Skipped", unknown: "Not known",
};
const MESSAGE_FILTERS = { pending: "Unaudited only", all: "All messages", audited: "Audited only" };

export const review = {
  task: "Task", show: "Show", order: "Order", list: "Examples", inspector: "About this example",
  orders: { file: "File order", newest: "Newest first", least_certain: "Least certain first", most_valuable: "Most valuable first" },
  statusFilter: (/** @type {string} */ name, /** @type {string} */ kind, /** @type {number} */ count) => {
    const word = (kind === "extract" && /** @type {any} */ (MESSAGE_FILTERS)[name]) || /** @type {any} */ (STATUS_FILTERS)[name];
    return `${word} (${NUMBER.format(count)})`;
  },
  search: "Search", clearFilter: "Clear the filter",
  further: (/** @type {number} */ count) => (count ? `Filter (${count})` : "Filter"),
  conditions: {
    tag: "Tag", file: "File", reviewer: "Reviewer", since: "Decided since", until: "Decided until",
    min_score: "Score from", max_score: "Score to",
  },
  progress: (/** @type {string} */ done, /** @type {string} */ all, /** @type {string} */ pending) =>
    `Reviewed ${done} of ${all} (${pending} pending)`,
  progressLabel: "Reviewed", acceptAll: "Accept All",
  acceptAllTitle: (/** @type {number} */ count, /** @type {string} */ kind) => `Accept ${things(count, kind)}?`,
  acceptAllText: (/** @type {string} */ kind) =>
    `The first suggestion of every pending ${thing(kind)[0].toLowerCase()} in this list is accepted as it stands, as one decision that can be undone.`,
  acceptAllConfirm: (/** @type {number} */ count) => `Accept ${NUMBER.format(count)}`,
  place: (/** @type {string} */ kind, /** @type {string|null} */ place, /** @type {string|null} */ total) => {
    const [one] = thing(kind);
    if (!place) return one;
    return total ? `${one} ${place} / ${total}` : `${one} ${place}`;
  },
  toggleList: "List", togglePanel: "About this example", goFurther: "Go on from here",
  noText: "(no text)", nothingChosen: "Nothing is chosen.",
  source: (/** @type {string} */ kind) => thing(kind)[0],
  question: "Question", message: "Message", article: "Article", conversation: "Conversation",
  passages: (/** @type {number} */ count) => (count === 1 ? "1 passage" : `${count} passages`),
  passage: "Passage", golden: "answers it", page: (/** @type {string} */ page) => `page ${page}`,
  answer: (/** @type {string} */ kind) =>
    /** @type {any} */ ({ extract: "What was found", score: "Scores", chat: "Reply" })[kind] ?? "Answer",
  editAnswer: "The answer, to edit", noAnswer: "There is no answer yet.", noSuggestion: "Nothing was suggested.",
  suggestedBy: (/** @type {string} */ agent) => (agent === "import" ? "from the file" : `suggested by ${agent}`),
  decidedBy: (/** @type {string} */ who) => (who ? `decided by ${who}` : "decided"),
  draft: "Draft", discardDraft: "Discard", suggestions: "Suggestions", standing: "what stands",
  useUnanswerable: (/** @type {string} */ text) => `Use “${text}”`,
  take: "Take", takeTitle: (/** @type {string} */ agent) => `Accept what ${agent} says`,
  takeKey: (/** @type {number} */ place) => `Take suggestion ${place}`,
  noRecords: "Nothing was found in this message.", addRecord: "Add a record", theRecord: "Fields",
  record: (/** @type {number} */ place, /** @type {number} */ all) => `Record ${place} of ${all}`,
  removeRecord: (/** @type {number} */ place) => `Remove record ${place}`,
  requiredField: (/** @type {string} */ name) => `${name} (needed)`,
  pounds: (/** @type {string} */ weight) => `= ${weight} lb`, unknownWeight: "weight not known",
  scoreOf: (/** @type {string} */ name) => `${name}, as a number`, notScored: "not scored", tier: "Tier",
  below: (/** @type {number} */ value) => ` below ${value}`,
  toolbar: "Decide",
  actions: (/** @type {string|undefined} */ kind) => ({
    accept: kind === "extract" ? "Mark audited" : "Accept",
    acceptChanged: kind === "extract" ? "Save & mark audited" : "Accept the edit",
    reject: "Reject", edit: "Edit", previous: "Previous", next: "Next", skip: "Skip", flag: "Flag",
    unknown: "I don't know", note: "Note", undo: "Undo", redo: "Redo",
  }),
  saveAndNext: "Save & next", saveEdit: "Save", leaveEdit: "Stop editing",
  saveKey: "Save the edit, or the session as a file", leaveKey: "Leave a field",
  tabs: { details: "Details", compare: "Compare", training: "Training", similar: "Similar", statistics: "Statistics" },
  note: "Note", notePlaceholder: "Why, or what to check", saveNote: "Save the note",
  noteKept: "Kept here; goes with your next decision.", noteSaved: "The note is saved.",
  history: "History", noHistory: "Nobody has decided about it yet.", reset: "Set back to pending",
  operation: (/** @type {any} */ one, /** @type {string} */ _kind) =>
    ({
      accept: "Accepted", reject: "Rejected", edit: "Edited", skip: "Skipped", flag: "Flagged",
      unknown: "Not known", reset: "Set back",
    })[/** @type {"accept"} */ (one.verdict)] + (one.kind === "bulk" ? ` with ${NUMBER.format(one.changed - 1)} others` : ""),
  by: (/** @type {string} */ who) => `by ${who}`, takenBackMark: "taken back",
  nothingToCompare: "Nothing was suggested for it.", onlyOne: "There is one answer, so there is nothing to compare.",
  nothingSuggested: "Nothing is suggested here: write the answer.",
  decided: (/** @type {string} */ status, /** @type {string} */ title) => `${status}: ${title}`,
  takenBack: (/** @type {string} */ kind, /** @type {string} */ status) =>
    `${kind === "undo" ? "Taken back" : "Done again"}. It is ${status.toLowerCase()} now.`,
  takenBackMany: (/** @type {string} */ kind, /** @type {number} */ count) =>
    `${kind === "undo" ? "Taken back" : "Done again"}: ${things(count, undefined)}.`,
  nothingToUndo: "There is nothing to undo.", undo: "Undo",
  decidedMany: (/** @type {string} */ status, /** @type {number} */ count) => `${NUMBER.format(count)} ${status.toLowerCase()}.`,
  countChanged: (/** @type {string} */ reason) => `Nothing was decided: ${reason}. Look again.`,
  nothingFits: "There is nothing to decide.",
  notWhileOffline: "The server does not answer; your own decisions have to reach it first.",
  onlyLooking: "You are signed in as a viewer: you can look, not decide.",
  onlyReading: "This workspace is read-only: you can look, not decide.",
  sessionSaved: "The session is saved as a file in your downloads.",
  emptyTitle: "Nothing to review yet", emptyText: "Import a file: a CSV of questions and answers, messages, articles, conversations.",
  toImport: "Import a file",
  endTitle: "That was the last one of this list",
  endText: (/** @type {string} */ pending) => `${pending} are still pending.`,
  allDone: "All reviewed", allDoneText: "Nothing is pending. Build a dataset from what was accepted, then train:",
  nextCommand: "hone datasets build NAME", back: "Back to it", fromStart: "From the start",
  nothingFitsTitle: "Nothing fits", nothingFitsText: (/** @type {string} */ kind) => `No ${thing(kind)[1]} fit this filter.`,
};

export const similar = {
  same: "The same again", near: "Nearly the same", group: "Of the same group", none: "Nothing like it was found.",
  more: "There are more; these are the nearest.", accept: "Accept", reject: "Reject",
  chosen: (/** @type {number} */ count, /** @type {number} */ all) => `${count} of ${all} chosen`,
  choose: (/** @type {string} */ text) => `Choose: ${text}`,
  title: (/** @type {string} */ verdict, /** @type {number} */ count, /** @type {string} */ kind) =>
    `${/** @type {any} */ (VERDICTS)[verdict]} ${things(count, kind)}?`,
  text: "They are decided together, as one decision that can be undone.",
  confirm: (/** @type {string} */ verdict, /** @type {number} */ count) =>
    `${/** @type {any} */ (VERDICTS)[verdict]} ${NUMBER.format(count)}`,
};

export const statistics = {
  byStatus: "By status", byReviewer: "By reviewer", byDay: "Decisions by day",
  consistency: "How often people agree with themselves",
  steady: (/** @type {any} */ one, /** @type {(value: number) => string} */ percent) =>
    `${one.same} of ${one.repeats} alike, ${percent(one.low)} to ${percent(one.high)}`,
};

export const audited = {
  title: "What was audited", items: "items", pounds: "pounds", messages: "messages audited",
  by: (/** @type {string} */ field) => `Pounds by ${field}`,
  needed: (/** @type {number} */ have, /** @type {number} */ fewest) =>
    `${NUMBER.format(have)} of the ${NUMBER.format(fewest)} audited messages that a training needs`,
  unknown: (/** @type {number} */ count) =>
    `${NUMBER.format(count)} ${count === 1 ? "item has" : "items have"} no known weight: not in these pounds, and not 0.`,
  unknownHere: (/** @type {number} */ count) => `+ ${NUMBER.format(count)} unknown`,
  all: (/** @type {number} */ count) => `Show all ${NUMBER.format(count)}`, fewer: "Show fewer",
  nothing: "Nothing is audited yet.",
};

export const training = {
  base: "Base model", length: "Longest sequence", read: "read", learned: "learned", dropped: "cut off",
  count: (/** @type {string} */ all, /** @type {string} */ learned, /** @type {string} */ most) =>
    `${all} tokens, ${learned} of them learned; at most ${most} fit.`,
  cut: (/** @type {string} */ count) => `${count} tokens are cut off: training does not see them.`,
  tokens: "The tokens in order", asText: "As text",
};

export const method = {
  label: "Extraction method", choices: { rules: "Regex parser", model: "PEFT model", both: "Compare both" },
  begin: "Predict all messages", none: "Nothing is predicted for this message yet.", differs: "differs",
  stale: "from an earlier version",
  waits: (/** @type {string} */ ref, /** @type {string} */ says) => `${ref} waits: ${says}`,
};
