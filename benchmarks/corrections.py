"""What 30 corrections do to hone-nano: on the corrected rows, on look-alikes, beside a control.

    python benchmarks/corrections.py                  # one seed, minutes on one core
    python benchmarks/corrections.py --seeds 0 1 2

Bundled messages; every seventh expected answer came in wrong. A version is trained on 35 % of
them and asked the probe split (40 %); a script that knows the truth corrects the first 30 flags;
the same recipe, steps and seed then train once with the corrections and once without. Printed is
what `hone feedback report` says. The truth of the corrections is known, so the figures are those
of a reviewer who makes no mistakes.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

from hone import loop
from hone.demo import messages
from hone.records.feedback import Efficacy
from hone.records.task import Task
from hone.stages.feedback import tables
from hone.stages.flags import Saying, find_flags, resolve
from hone.workspace.yaml_file import read_yaml

TASK = Path(messages.__file__).with_name("task.yaml")
RATIOS = {"train": 0.35, "val": 0.05, "test": 0.2, "probe": 0.4}
MESSAGES, FLAGS, WRONG_EVERY = 500, 30, 7


def recipe(seed: int, steps: int) -> dict[str, Any]:
    """One recipe for all three trainings; only the dataset differs."""
    return {
        "task": "pickup",
        "base": "hone-nano",
        "lora": {"r": 16, "lora_alpha": 32, "lora_dropout": 0.0},
        "data": {"max_seq_length": 256},
        "training": {"max_steps": steps, "batch_size": 8, "seed": seed, "threads": 1},
    }


def mistaken(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """An expected answer as it comes in wrong."""
    return [{**items[0], "item": "nothing of it"}, *items[1:]] if items else [{"item": "soap"}]


def go_round(root: Path, *, seed: int, steps: int) -> Efficacy:
    """Import, train, evaluate, correct 30 flags, retrain with and without them, and compare."""
    task = Task.model_validate(read_yaml(TASK)).model_copy(update={"rules": None})
    with loop.init_workspace(root, task=task) as ws:
        drawn = messages.generate("train", MESSAGES, seed)
        truth = {one.text: one.items for one in drawn}
        rows = [
            {"message": text, "output": mistaken(items) if place % WRONG_EVERY == 0 else items}
            for place, (text, items) in enumerate(truth.items())
        ]
        file = ws.root / "messages.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        loop.import_examples(ws, file, accept_as="import")
        loop.build_dataset(ws, "pickup", ratios=RATIOS, seed=seed)
        made = recipe(seed, steps)
        loop.train(ws, {**made, "dataset": "pickup@1"}, confirm_run=True)
        loop.evaluate(ws, "pickup@v1", on="pickup@1/probe", rows=["tuned"], batch_size=32)
        for flag in find_flags(ws, "pickup").flags[:FLAGS]:
            resolve(ws, flag, Saying("edit", "truth", truth[flag.input["message"]]))
        applied = loop.apply_feedback(ws)
        loop.train(ws, {**made, "dataset": applied.dataset}, confirm_run=True)
        control = {**made, "dataset": applied.control, "name": "pickup-control"}
        loop.train(ws, control, confirm_run=True)
        return loop.report_feedback(ws, "pickup@v2", batch_size=32)


def main() -> int:
    """Print the report of every seed."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seeds", type=int, nargs="+", default=[0])
    asked.add_argument("--steps", type=int, default=120)
    given = asked.parse_args()
    import hone

    sys.stdout.write(
        f"Hone {hone.__version__}, Python {platform.python_version()}, {platform.machine()}, "
        f"one thread, {given.steps} steps of 8 rows\n"
    )
    for seed in given.seeds:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            found = go_round(Path(folder) / "ws", seed=seed, steps=given.steps)
        sys.stdout.write(f"\nseed {seed}\n\n")
        figures = tables(found)[0]
        for row in [figures.head, ["---"] * len(figures.head), *figures.rows]:
            sys.stdout.write("| " + " | ".join(row) + " |\n")
        for sentence in found.says:
            sys.stdout.write(f"- {sentence}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
