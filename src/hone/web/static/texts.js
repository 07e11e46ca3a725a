// @ts-check
// Every English text of the app, by the place where it stands.

import { corrections, evaluate, flags, models } from "./texts_evaluate.js";
import { jobs } from "./texts_jobs.js";
import { train } from "./texts_train.js";
import { audited, method, review, similar, statistics, training } from "./texts_review.js";

const STATUS = {
  pending: "Pending", accepted: "Accepted", edited: "Edited", rejected: "Rejected",
  skipped: "Skipped", flagged: "Flagged", unknown: "Not known",
};
const STATUS_OF_MESSAGES = { pending: "Unaudited", accepted: "Audited", edited: "Audited, edited" };

/** @param {string} status @param {string} [kind] */
const status = (status, kind) =>
  (kind === "extract" && /** @type {any} */ (STATUS_OF_MESSAGES)[status]) || /** @type {any} */ (STATUS)[status] || status;

/** @param {number} count @param {string} one @param {string} many */
const counted = (count, one, many) => (count === 1 ? `1 ${one}` : `${count} ${many}`);

export const texts = {
  audited, method, review, similar, statistics, training, corrections, evaluate, flags, models, jobs, train, status,
  readOnly: "Read-only",
  readOnlyHint: "This workspace cannot be written: copy it to a folder that you can write to, then decide there.",
  close: "Close", cancel: "Cancel", copy: "Copy the command", copied: "Copied", tryAgain: "Try again",
  added: "added", missing: "missing", notices: "Notices", skip: "Skip to the content",
  navigation: "Screens", brand: "Hone, to the home screen",
  documentTitle: (/** @type {string} */ screen, /** @type {string} */ workspace) => `${screen} · ${workspace} · Hone`,
  screens: { home: "Home", review: "Review", train: "Train", evaluate: "Evaluate", models: "Models", jobs: "Jobs", import: "Import", settings: "Settings" },
  roles: { viewer: "viewer", reviewer: "reviewer", trainer: "trainer", admin: "administrator" },
  choice: (/** @type {string} */ value) => /** @type {any} */ ({ true: "yes", false: "no" })[value] ?? value,
  jobState: (/** @type {string} */ state) => state,
  errors: {
    unreached: "Hone does not answer.",
    unreachedHint: "Is `hone up` still running on that machine?",
    status: (/** @type {number} */ code) => `The server answered with the status ${code}.`,
    screen: "This screen could not be loaded.",
    screenHint: "Hone may have been updated meanwhile: reload the page.",
  },
  save: {
    saved: "All saved", saving: "Saving…", look: "Look",
    offline: (/** @type {number} */ count) => `Offline, ${count} kept on this computer`,
    trouble: (/** @type {number} */ count) => `The server has trouble, ${count} kept on this computer`,
    refused: (/** @type {number} */ count) => `${count} refused`,
    blocked: "This browser's storage is full or blocked: nothing is accepted",
  },
  outbox: {
    title: "Decisions on their way",
    explain: "The server did not take these. Nothing is lost: mend them, send them again, or let them go.",
    none: "Nothing was refused. What is not saved yet is kept on this computer and sent as soon as the server answers.",
    mine: "Yours", theirs: "Stands now", useMine: "Use mine", useTheirs: "Keep what stands", letGo: "Let go",
    mend: "Mend it", look: "Look", sendAgain: "Send again",
    sendAll: (/** @type {number} */ count) => `Send all ${count} again`,
    step: (/** @type {string} */ kind, /** @type {string} */ title) => `${kind === "undo" ? "Undo" : "Redo"} ${title}`.trim(),
    conflictReason: (/** @type {string} */ who) => `${who ?? "Somebody"} decided about it after you saw it.`,
    refusedReason: (/** @type {string} */ reason) => `Refused: ${reason || "the server gave no reason"}`,
    conflictNotice: "Somebody else decided first. Both are kept: choose one.",
    refusedNotice: (/** @type {string} */ reason) => `The server refused a decision: ${reason}`,
    conflictHere: "Somebody else decided about this one first.",
    refusedHere: "Your decision about this one was refused.",
  },
  theme: {
    label: "Theme", names: { auto: "Auto", light: "Light", dark: "Dark" },
    switchTo: (/** @type {string} */ now, /** @type {string} */ next) => `Theme: ${now}. Switch to ${next}`,
  },
  help: {
    title: "Keys", take: "Take a suggestion by its number",
    singleOff: "Single keys are switched off in the settings.",
    more: "In a field, keys write; Esc leaves it. Other keys can be chosen under Settings.",
  },
  problems: {
    emptyAnswer: "The answer is empty: write it, or reject the example.",
    missing: (/** @type {string} */ name) => `${name} is missing.`,
    number: (/** @type {string} */ name) => `${name} must be a number.`,
    whole: (/** @type {string} */ name) => `${name} must be a whole number.`,
    oneOf: (/** @type {string} */ name, /** @type {string[]} */ values) => `${name} must be one of ${values.join(", ")}.`,
    date: (/** @type {string} */ name) => `${name} must be a date as YYYY-MM-DD.`,
    outside: (/** @type {string} */ name, /** @type {number} */ low, /** @type {number} */ high) =>
      `${name} must lie from ${low} to ${high}.`,
    inRecord: (/** @type {number} */ place, /** @type {string} */ problem) => `Record ${place}: ${problem}`,
  },
  facts: {
    file: "From", page: "Page", model: "Model", group: "Group", tags: "Tags", occurred: "Written",
    suggestions: "Suggested by", id: "Id", row: (/** @type {number} */ row) => `row ${row}`,
  },
  signin: {
    title: "Hone", shared: "Sign in with your name.", local: "Open the link that hone up printed, or paste it here.",
    name: "Name", password: "Password", token: "Link or token", tokenHint: "It is printed where hone up was started.",
    send: "Sign in",
  },
  home: {
    title: (/** @type {string} */ name) => name || "Home",
    next: "What to do next", open: (/** @type {string} */ screen) => `Open ${screen}`,
    loop: {
      title: "Where the loop stands", import: "Import", review: "Review", prepare: "Prepare", train: "Train",
      evaluate: "Evaluate", examples: "examples", datasets: "datasets", scored: "models scored",
      pending: (/** @type {string} */ count) => `reviewed, ${count} pending`,
      models: (/** @type {number} */ running) => (running ? `models, ${running} in training` : "models"),
    },
    datasets: "Datasets", models: "Models", jobs: "Jobs of late", active: "active",
    noDatasets: "None yet: a dataset is built from what was accepted.",
    noModels: "None yet: the first training makes one.",
    noJobs: "None yet.", notScored: "not scored",
    rows: (/** @type {string} */ count) => `${count} rows`,
  },
  import: {
    about: "A file becomes examples to review. What it holds is guessed, shown, and yours to correct.",
    drop: "Drop a file here", kinds: "CSV, JSON, JSON Lines, Parquet, a saved session, a Slack export", choose: "Choose a file",
    other: "Another file", uploadLabel: "Upload", uploading: (/** @type {string} */ share) => `Uploading, ${share}`,
    what: "What this file is", sample: "The first examples", noSample: "They show here once the columns are clear.",
    sure: (/** @type {string} */ share) => `${share} sure`,
    rows: (/** @type {string} */ count) => `about ${count} rows`,
    question: (/** @type {string} */ text) => `First decide: ${text}`,
    questionHint: "Choose the columns below.",
    task: "Task", newTask: "A new task…", newTaskName: "new-task", newTaskLabel: "Name of the new task",
    newTaskFile: "The task file that will be written", mapping: "Which column is what", noColumn: "none",
    unused: (/** @type {string} */ names) => `Not used: ${names}`,
    acceptAsMe: "The answers are already right",
    acceptAsMeHint: "They are accepted in your name, as one decision that can be undone.",
    start: (/** @type {string} */ count) => `Import about ${count} rows`, noAnswer: "no answer: to be written in review",
    stop: "Stop", oneByOne: (/** @type {string} */ name) => `One file at a time: ${name} is taken.`,
    states: {
      waiting: (/** @type {string} */ name) => `Importing ${name}`,
      cancelled: (/** @type {string} */ name) => `Stopped: what was read of ${name} stays`,
      running: (/** @type {string} */ name) => `Importing ${name}`,
      done: (/** @type {string} */ name) => `${name} is imported`,
      failed: (/** @type {string} */ name) => `${name} was not imported`,
    },
    progress: (/** @type {string} */ read, /** @type {string} */ all) => `${read} of about ${all} rows`,
    left: (/** @type {string} */ time) => `${time} left`, progressLabel: "Rows read",
    figures: { read: "Rows read", taken: "New examples", duplicate: "Already here", refused: "Refused", accepted: "Accepted" },
    pseudonymise: "Hide who is who",
    pseudonymiseHint: "People become pseudonyms; e-mail addresses and phone numbers are masked. Nicknames and what texts tell stay.",
    leftOut: "Left out",
    whyRefused: "Why rows were refused", refusedFile: "Download the refused rows",
    review: "Review them", again: "Import another file",
  },
  settings: {
    service: {
      title: "GPU service", about: "RunPod, by the names below: they are read from the environment and from .env of the workspace, and never shown.",
      isSet: "set", isNotSet: "not set", connect: "Connect", connecting: "Connecting…", connected: "Connected",
      choose: "Endpoint", none: "none chosen", nowhere: "No endpoint is chosen yet.",
      trainsAt: (/** @type {string} */ id) => `Trainings on runpod-serverless go to ${id}.`,
      chosen: (/** @type {string} */ id) => `Trainings go to ${id} from now on.`,
      endpoint: (/** @type {any} */ one) => [one.name, one.id, one.hardware].filter(Boolean).join(" · "),
    },
    look: "Appearance", session: "Session file",
    sessionAbout: "All examples of a task with their decisions in one readable file, to go on elsewhere.",
    save: "Save the session", load: "Load a session",
    loaded: (/** @type {any} */ found) =>
      `Loaded ${counted(found.items, "item", "items")}: ${found.taken} new, ${found.duplicate} already here, ` +
      `${found.decided} decided${found.refused ? `, ${found.refused} refused` : ""}.`,
    person: "You", signOut: "Sign out", version: (/** @type {string} */ version) => `Hone ${version}`,
    signedInAs: (/** @type {string} */ name, /** @type {string} */ role) => `Signed in as ${name}, ${role}.`,
    workspace: "Workspace", workspaceAbout: "What stands in hone.yaml; it counts for everybody and for the command line.",
    key: "Setting", value: "Value", none: "not set", default: (/** @type {string} */ value) => `usually ${value || "empty"}`,
    saved: (/** @type {string} */ key) => `${key} is saved.`,
    keyboard: "Keyboard", single: "Single keys decide",
    singleHint: "Off: letters and digits do nothing, arrows and Ctrl keys stay.",
    repeat: "Holding accept or reject repeats it", repeatHint: "Usually off, so that a held key accepts one.",
    usualKeys: "The usual keys", pressKey: "Press a key…", fixedKey: "something else",
    changeKey: (/** @type {string} */ name, /** @type {string} */ key) => `${name}: ${key}. Change`,
    keyTaken: (/** @type {string} */ key, /** @type {string} */ owner) => `${key} is taken by “${owner}”.`,
    actions: {
      accept: "Accept", reject: "Reject", edit: "Edit", skip: "Skip", flag: "Flag", unknown: "I don't know",
      note: "Note", undo: "Undo", redo: "Redo", search: "Search", compare: "Compare", training: "Training view",
      similar: "Similar examples", help: "Keys",
    },
  },
};
