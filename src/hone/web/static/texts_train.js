// @ts-check
// The English texts of the screen Train.

export const train = {
  noDataset: "Nothing to train on yet", noDatasetText: "A dataset is a frozen part of what was reviewed. It is built by:",
  what1: "What", from: "Begin with", fromNothing: "the defaults", like: (/** @type {string} */ ref) => `as ${ref} was trained`,
  dataset: "Dataset", datasetOlder: (/** @type {string} */ ref, /** @type {string} */ format) => `${ref} · an older version · ${format}`, datasetLine: (/** @type {string} */ ref, /** @type {string} */ rows, /** @type {string} */ format) => `${ref} · ${rows} rows · ${format}`,
  base: "Base model", baseHint: "Those that an adapter can be trained on; a version of yours goes on from where it stands.",
  bases: "Models", versions: "Trained here", otherBase: "Another one…", baseName: "Name or folder of the base",
  baseNameHint: "An id of the model hub, or a folder. Adapters need weights that are not quantised (no AWQ, no GPTQ).",
  takeInstead: (/** @type {string} */ name) => `Take ${name}`,
  data: "Training data", type: "Training type", types: /** @type {Record<string, string>} */ ({ sft: "SFT", raft: "RAFT", dpo: "DPO" }),
  typesAbout: /** @type {Record<string, string>} */ ({
    sft: "Accepted answers, each behind its question.",
    raft: "The same, with context documents: the question stands among passages of which only some help.",
    dpo: "Pairs: a better and a worse answer to the same question.",
  }),
  lacks: /** @type {Record<string, string>} */ ({
    sft: "There is no data of this kind yet. Accept answers in Review, then prepare it here, or load a file.",
    raft: "There is no data with context documents yet. Accept answers whose passages are marked in Review, then prepare it here, or load a file.",
    dpo: "There are no pairs yet, and DPO needs them. Edit answers in Review, or accept one of several suggestions: each gives a pair. Then prepare them here, or load a file.",
  }),
  dataName: "Name of the data", dataNameHint: "A new version of it is made where something has changed.",
  prepare: (/** @type {string} */ type) => `Prepare ${type} Data`, loadExisting: "Load Existing", exportData: "Export Data",
  working: "Preparing…", saved: "Training data saved", keptOut: (/** @type {string} */ why, /** @type {string} */ count) => `kept out, ${why.replaceAll("_", " ")}: ${count}`,
  savedLine: (/** @type {string} */ ref, /** @type {string} */ rows, /** @type {string} */ val) => `${ref}: ${rows} rows to train on, ${val} to validate on`,
  name: "Name of the model", nameHint: "A new version of it is made each time.",
  method: "How", needs: (/** @type {string} */ formats) => `needs a dataset of the format ${formats}`,
  unfit: (/** @type {string} */ method, /** @type {string} */ formats, /** @type {string} */ ref, /** @type {string} */ format) =>
    `${method} trains on ${formats}, and ${ref} is ${format}: hone datasets build NAME --format ${formats.split(", ")[0]}`,
  limits: "What it cannot do", where: "Where", check: (/** @type {string} */ name) => `Check ${name}`,
  options: "Options", adapter: "Train an adapter (LoRA)", adapterHint: "Off: all weights are trained, which takes several times the memory.",
  others: (/** @type {number} */ count, /** @type {number} */ changed) => `${count} more options${changed ? `, ${changed} of them changed` : ""}`,
  none: "none", also: (/** @type {string} */ words) => `Also: ${words}.`,
  names: /** @type {Record<string, string>} */ ({
    "training.learning_rate": "Learning rate", "training.epochs": "Epochs", "training.batch_size": "Batch size",
    "lora.r": "LoRA rank", "lora.lora_alpha": "LoRA alpha", "data.max_seq_length": "Max sequence length",
  }),
  start: "Start Training", submitting: "Submitting job...", planNow: "Plan", exportConfig: "Export Config", mayNot: "To train needs the role trainer.",
  begun: (/** @type {string} */ about) => `Begun: ${about}`, confirm: (/** @type {string} */ name) => `Train ${name}?`,
  what: (/** @type {string} */ name, /** @type {string} */ method, /** @type {string} */ base, /** @type {string} */ weights) => `${name}: ${method} of ${base} (${weights} weights)`,
  rowsOf: (/** @type {string} */ ref, /** @type {string} */ rows, /** @type {string|null} */ val) => `${ref}: ${rows} rows${val ? `, ${val} to validate on` : ""}`,
  steps: (/** @type {string} */ steps, /** @type {number} */ epochs) => `${steps} steps (${epochs} epochs)`, about: "about ",
  memory: (/** @type {string} */ low, /** @type {string} */ high, /** @type {string} */ room, /** @type {string} */ verdict) => `${low} to ${high} of ${room} GiB: ${verdict}`,
  range: (/** @type {string} */ low, /** @type {string} */ high) => `${low} to ${high}`,
  hours: (/** @type {string} */ low, /** @type {string} */ high) => `${low} to ${high} hours`,
  costs: (/** @type {string} */ low, /** @type {string} */ high) => `${low} to ${high}`, free: "nothing: it runs on a machine of yours",
  chosen: "Chosen for this machine, and why", cards: "Cards that could be rented for it",
  plan: {
    title: "The plan", model: "Model", trained: "Trained weights", dataset: "Dataset", tokens: "Tokens an epoch", steps: "Steps",
    memory: "Memory", device: "Device", time: "Time", disk: "Disk", price: "Price",
  },
};
