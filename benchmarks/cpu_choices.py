"""What is chosen for a processor, beside what else could be: tokens per CPU second of a step.

    python benchmarks/cpu_choices.py [--rows 96] [--repeats 3] [--threads 1]

One process, the variants in turns after one unmeasured round: forward, backward and optimizer of
the default recipe (an adapter on every linear layer) over the same rows, on hone-nano and on a
random base of hidden size 256.
  chosen       fp32, sdpa, rows of similar length in a batch
  eager        attention written out
  bfloat16     the base in bfloat16, computed under autocast
  mixed        rows in random order
  packed       the rows of a batch in one sequence (random order)
  checkpointed activations computed twice
Tokens are real ones, without padding. Loading, events and checkpoints are not timed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from train_speed import NANO, make_base
from trainings import make_folder

VARIANTS: dict[str, dict[str, Any]] = {
    "chosen": {},
    "eager": {},
    "bfloat16": {"training.dtype": "bfloat16"},
    "mixed": {"training.length_grouping": False},
    "packed": {"training.length_grouping": False, "training.packing": True},
    "checkpointed": {"training.gradient_checkpointing": True},
}


class Variant:
    """A trainer with its batches, ready to be timed."""

    def __init__(self, name: str, base: Path, place: Path, asked: argparse.Namespace) -> None:
        import torch

        from hone.methods._training_options import chosen
        from hone.methods.sft import Options, built
        from hone.workspace.job_folder import JobFolder

        folder = make_folder(place / name, base, asked)
        written = json.loads((folder / "job.json").read_text())
        for key, value in VARIANTS[name].items():
            written["spec"]["options"][key]["value"] = value
        (folder / "job.json").write_text(json.dumps(written))
        job = JobFolder(folder)
        trainer, _ = built(job, *chosen(job.job.spec["options"], Options))
        self.trainer: Any = trainer
        if name == "eager":
            self.trainer.model.get_base_model().set_attn_implementation("eager")
        if name == "checkpointed":
            self.trainer.model.enable_input_require_grads()
            self.trainer.model.activation_checkpointing_enable()
        self.trainer.model.train()
        self.trained = [one for one in self.trainer.model.parameters() if one.requires_grad]
        self.optimizer = torch.optim.AdamW(self.trained, lr=1e-4)
        order = self.trainer._get_train_sampler().order(0)
        rows, size = self.trainer._train_rows, asked.batch_size
        self.batches = [
            self.trainer.data_collator([rows[i] for i in order[start : start + size]])
            for start in range(0, len(order), size)
        ]
        self.tokens = sum(self.trainer.tokens_of(batch) for batch in self.batches)

    def rate(self) -> float:
        """Tokens per CPU second over all batches."""
        import torch

        began = time.process_time()
        for batch in self.batches:
            given = self.trainer._prepare_inputs(dict(batch))
            count = self.trainer._get_num_items_in_batch([batch], torch.device("cpu"))
            with self.trainer.accelerator.autocast():
                loss = self.trainer.compute_loss(
                    self.trainer.model, given, num_items_in_batch=count
                )
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
            self.optimizer.step()
            self.optimizer.zero_grad()
        return self.tokens / (time.process_time() - began)


def main() -> None:
    """Measure in turns and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, nargs=2, default=(96, 32), help="of each base")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    print(f"{asked.threads} thread(s), {asked.repeats} repeats, load {os.getloadavg()[0]:.1f}")
    print("| base | variant | tokens per CPU s | of what is chosen |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as aside:
        place = Path(aside)
        bases = {"hone-nano": NANO, "hidden-256": make_base(place / "base")}
        for (name, base), rows in zip(bases.items(), asked.rows, strict=True):
            sized = argparse.Namespace(**{**vars(asked), "rows": rows})
            (place / name).mkdir()
            made = {one: Variant(one, base, place / name, sized) for one in VARIANTS}
            rates: dict[str, list[float]] = {one: [] for one in VARIANTS}
            for number in range(asked.repeats + 1):
                for one, variant in made.items():
                    rate = variant.rate()
                    if number:
                        rates[one].append(rate)
            chosen = statistics.median(rates["chosen"])
            for one, found in rates.items():
                middle = statistics.median(found)
                print(f"| {name} | {one} | {middle:,.0f} | {middle / chosen:.2f} |", flush=True)


if __name__ == "__main__":
    main()
