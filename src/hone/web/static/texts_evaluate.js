// @ts-check
// The English texts of the screens Evaluate and Models.

export const evaluate = {
  none: "Nothing was evaluated yet", noneText: "An evaluation answers the examples of a test split and scores every answer.",
  quick: "Run Quick Evaluation", quickModel: "Model to evaluate", stop: "Stop",
  quickAbout: "50 examples of its test split, drawn the same way every time, on this machine; base, worked examples, search and rules answer beside it.",
  quickWaits: (/** @type {string} */ model) => `${model} waits for its turn.`,
  quickRuns: (/** @type {string} */ model) => `${model} and those beside it answer`,
  quickDone: (/** @type {string} */ done, /** @type {string} */ total) => `${done} of ${total} answers`,
  quickLeft: (/** @type {string} */ time) => `${time} left`,
  quickReady: (/** @type {string} */ model) => `${model} is evaluated.`,
  quickStopped: "Stopped. The answers so far are kept; the same evaluation goes on from them.",
  evaluation: "Evaluation", examples: "Examples", compare: "Compare",
  amount: (/** @type {string} */ count) => `${count} examples`, sample: (/** @type {string} */ count) => `a sample of ${count}`,
  rows: "Who answered", contender: "Who", score: "Score", bands: "Bands", differences: "Differences, example by example",
  band: /** @type {Record<string, string>} */ ({ red: "poor", orange: "weak", yellow: "fair", green: "good" }),
  spread: (/** @type {string} */ who) => `How the scores of ${who} are spread`,
  bin: (/** @type {string} */ low, /** @type {string} */ count) => `from ${low}: ${count}`,
  ceiling: "Human ceiling:", notKnown: "The folder of this evaluation is gone: what was asked is no longer known, only the answers are.",
  whose: "Scores of", order: "Order", against: "Against", search: "Answer holds",
  orders: /** @type {Record<string, string>} */ ({
    worst: "Worst first", best: "Best first", asked: "As they were asked", lost: "Lost most first", won: "Won most first",
  }),
  columns: /** @type {Record<string, string>} */ ({ score: "Score", asked: "Asked", expected: "Expected", got: "Got" }),
  noneFits: "No answer fits.", unknown: "(no longer known)", empty: "(nothing)", detail: "The chosen example", choose: "Choose an example.",
  openInReview: "Open in review", notStored: "It came from a file and is not in the workspace.",
  compared: (/** @type {string} */ on) => `Compare on ${on}:`,
  onlyOne: "Only one version has answered these examples. Another one is asked by:",
  comparedOn: (/** @type {string} */ count, /** @type {number} */ share) => `${count} examples, intervals of ${share} %`,
  finding: /** @type {Record<string, string>} */ ({ better: "better", worse: "worse", same: "the same", unclear: "not to tell" }),
  pairs: "Pair by pair", pairColumns: /** @type {Record<string, string>} */ ({
    pair: "Pair", difference: "Difference", p: "p, for all pairs", won: "Won", lost: "Lost", ties: "The same",
  }),
  noise: (/** @type {string} */ says) => `Noise floor: ${says}`,
  more: (/** @type {string} */ count) => `and ${count} more`,
  slices: "Parts of the examples", sliceColumns: /** @type {Record<string, string>} */ ({
    pair: "Pair", by: "By", part: "Part", examples: "Examples", difference: "Difference",
  }),
};

export const models = {
  none: "No model yet", noneText: "The first training makes one; it stands here with its figures and where it comes from.",
  versions: (/** @type {string} */ name) => `Versions of ${name}`, active: "answers", scores: "Scores by version",
  missing: (/** @type {string} */ names) => `Gone from its folder: ${names}`,
  figures: "Figures", notScored: "It was not scored yet.", evaluations: "Evaluations", ancestry: "Where it comes from",
  people: "Reviewers", files: "Files", dataset: "Dataset", from: "Base and earlier versions", version: "This version", children: "What came of it",
  gone: (/** @type {string} */ count) => `${count} of its examples are no longer here`,
  journal: "Who chose which version, and when",
  facts: /** @type {Record<string, string>} */ ({
    base: "Base", method: "Method", kind: "Kind", target: "Trained on", trained: "Training took", cost: "Cost", job: "Job",
    registered: "Registered", licence: "Licence",
  }),
  verdict: /** @type {Record<string, string>} */ ({ pass: "passes", fail: "fails", incomplete: "not measured enough" }),
  makeActive: "Let it answer", override: "Let it answer all the same…", mayNot: "To choose needs the role trainer.",
  answers: (/** @type {string} */ ref) => `${ref} answers from now on.`,
  overrideTitle: (/** @type {string} */ ref) => `Past the gate: ${ref}`,
  overrideConfirm: (/** @type {string} */ ref) => `Let ${ref} answer`,
  why: "Why", whyHint: "It is kept in the journal with what the gate said.",
};

export const flags = {
  title: "Flagged for review", queue: "Flags", opened: "The open flag",
  count: (/** @type {string} */ left, /** @type {string} */ done, /** @type {string} */ all) => `${left} to look at, ${done} resolved, of ${all} answers`,
  tested: (/** @type {string} */ count) => `Those in test and val splits (${count})`,
  testedAbout: "Correcting these would teach the test. One that is wrong can leave every test for ever; then it may be corrected.",
  none: "Nothing is flagged", noneText: "What was corrected becomes the next version of the dataset:",
  skipped: "skipped", previous: "The flag before", next: "The next flag",
  reasons: /** @type {Record<string, string>} */ ({
    newly_broken: "newly broken", contradictory: "contradictory", invalid: "invalid", low: "low score",
  }),
  passage: (/** @type {number} */ place) => `Passage ${place}`,
  got: (/** @type {string} */ who, /** @type {string} */ figure) => `Got from ${who}, ${figure}`,
  answer: "The right answer", note: "Reviewer notes", save: "Save & Next", confirm: "Expected is right & Next", skip: "Skip",
  referenceWrong: "The reference is wrong", referenceWrongTitle: "The model's answer becomes the expected one", dismiss: "Both are right", reject: "No answer can be learned",
  neighbours: (/** @type {string} */ count, /** @type {string} */ dataset) => `${count} like it in ${dataset}, which it learned from`,
  history: "What was said of it", takeBack: "Take back",
  said: /** @type {Record<string, string>} */ ({
    edit: "Corrected.", confirm: "The expected answer stands.", reference_wrong: "The model's answer is the expected one now.",
    reject: "Nothing will be learned from it.", dismiss: "Both are right.", skip: "Later.", reopen: "Taken back.",
  }),
  promote: "Take it out of every test…", promoteTitle: "Out of every test, for ever?", promoteConfirm: "Take it out",
  promoteText: "It leaves every val and test split with its siblings, for ever; every dataset that tested it gets a new version with fresh examples in their place.",
  promoted: (/** @type {string} */ id, /** @type {string} */ versions) => `${id} left every test. ${versions}`,
};
