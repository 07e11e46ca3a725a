// @ts-check
// The English texts of the screen Train.

export const train = {
  noDataset: "Nothing to train on yet", noDatasetText: "A dataset is a frozen part of what was reviewed. It is built by:",
  what1: "What", from: "Begin with", fromNothing: "the defaults", like: (/** @type {string} */ ref) => `as ${ref} was trained`,
  dataset: "Dataset", datasetLine: (/** @type {string} */ ref, /** @type {string} */ rows, /** @type {string} */ format) => `${ref} · ${rows} rows · ${format}`,
  base: "Base model", baseHint: "Of the list, a folder, or a version NAME@VERSION to go on from. Adapters need weights that are not quantised.",
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
  start: "Start Training", planNow: "Plan", exportConfig: "Export Config", mayNot: "To train needs the role trainer.",
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
