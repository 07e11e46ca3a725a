// @ts-check
// The English texts of the screen Jobs.

export const jobs = {
  none: "No job yet", noneText: "What trains or answers stands here with its figures, its log and what it costs.",
  watched: "The chosen job", previous: "The job before", next: "The next job", waits: "It waits for its turn.",
  stands: /** @type {Record<string, string>} */ ({ submitting: "Submitting job...", waiting: "Waiting in queue...", running: "Training in progress..." }),
  states: /** @type {Record<string, string>} */ ({
    waiting: "waits", running: "runs", succeeded: "succeeded", failed: "failed", cancelled: "stopped", lost: "lost",
  }),
  steps: (/** @type {string} */ done, /** @type {string} */ total) => `${done} of ${total}`,
  stopTitle: "It writes a checkpoint first", stopping: "It stops at its next step, with a checkpoint.",
  resume: "Go on", resumeTitle: "Go on with it?", mayCost: (/** @type {string} */ usd) => `A machine is rented for it again. It may still cost up to $${usd}.`,
  goesOn: "It goes on from its last checkpoint.", stages: "Stages", now: "now",
  moved: (/** @type {string} */ why) => `Went on elsewhere: ${why}`,
  final: "Final metrics", facts: { id: "Job", target: "On", made: "Ordered", attempts: "Attempts", rented: "Rented", cost: "Cost", took: "Took" },
  dollars: (/** @type {string} */ amount, /** @type {boolean} */ isBilled) => `$${amount} (${isBilled ? "by the provider's bill" : "measured here"})`,
  figures: "Figures", said: "What it said", log: "Console: the end of its log", noLog: "It has printed nothing yet.",
  told: (/** @type {string} */ name, /** @type {string} */ first, /** @type {string} */ last) => `${name} from ${first} to ${last}`,
  names: /** @type {Record<string, string>} */ ({
    loss: "Loss", eval_loss: "Validation loss", learning_rate: "Learning rate", grad_norm: "Gradient norm",
    tokens_per_second: "Tokens per second", eval_token_accuracy: "Validation: tokens right",
    train_loss: "Training loss", best_step: "Best step",
  }),
};
