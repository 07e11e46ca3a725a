"""Forgetting: a version goes on learning, with and without a replay of what it learned before.

    python benchmarks/forgetting.py                    # 3 seeds; goes on where it was cut off
    python benchmarks/forgetting.py --seeds 0 --steps 60

On messages that none of us wrote, in one task whose fields are those of both sets: an adapter on
hone-nano learns restaurant8k (old), then goes on with SNIPS (new) alone, and with SNIPS beside a
replayed share of restaurant8k. Each continued version is measured by `hone evaluate --forgetting`:
field F1 on the old test split, paired with the version before, 95 % intervals. The test split of
the new messages is asked too, so that a replay that only stops learning would be seen.
Batch and rate are those of a recipe that names none. Trainings and answers are carried out in this
process. Everything that is done is kept in --out; a seed that is there is not run again. The files
come from the folder that HONE_TEST_DATA names. Exits 1 where, over all seeds, a replay forgets no
less.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import shutil
import statistics
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from hone import loop
from hone.records.evaluation import Evaluation
from hone.records.task import Task
from hone.stages import evaluate as evaluation
from hone.stages import train as training
from hone.workspace.bases import SHIPPED
from hone.workspace.job_folder import Identity, JobFolder
from hone.workspace.open import Workspace

REPOSITORY = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("HONE_TEST_DATA", REPOSITORY.parent / "shared" / "data")) / "messages"
BASE = "hone-nano"
RATIOS = {"train": 0.8, "val": 0.1, "test": 0.1}
WAYS = ("without", "with")


class Here:
    """A target: carries a job out in this process, where libraries are loaded once."""

    def start(self, folder: JobFolder) -> Identity:
        """Done when it returns."""
        from hone.worker import evaluate, train

        folder.claim()
        identity = Identity.of_this_process()
        work = train if folder.job.kind == "train" else evaluate
        with redirect_stdout(io.StringIO()):  # its log
            result = work.carry_out(folder)
        assert result is not None  # nobody asks it to stop
        folder.write_result(result)
        folder.release()
        return identity

    def is_alive(self, folder: JobFolder) -> bool:
        """Never after `start`."""
        return False

    def stop(self, folder: JobFolder, deadline_seconds: float) -> str:
        """Nothing runs."""
        return "not running"

    def release(self, folder: JobFolder) -> None:
        """Nothing is left."""


def messages() -> dict[str, list[dict[str, Any]]]:
    """Both sets as {"message", "output"}, without the messages that have no slot."""
    old: list[dict[str, Any]] = []
    for one in json.loads((DATA / "restaurant8k" / "train_3.json").read_text("utf-8")):
        text = one["userInput"]["text"]
        slots = {
            label["slot"]: text[
                label["valueSpan"].get("startIndex", 0) : label["valueSpan"]["endIndex"]
            ]
            for label in one.get("labels", [])
        }
        old.append({"message": text, "output": slots})
    new: list[dict[str, Any]] = []
    text = (DATA / "snips" / "train_BookRestaurant.json").read_text("utf-8")
    for one in json.loads(text)["BookRestaurant"]:
        pieces = one["data"]
        slots = {piece["entity"]: piece["text"].strip() for piece in pieces if "entity" in piece}
        new.append({"message": "".join(piece["text"] for piece in pieces), "output": slots})
    return {name: [row for row in rows if row["output"]] for name, rows in
            (("old", old), ("new", new))}  # fmt: skip


def go_through(folder: Path, seed: int, asked: argparse.Namespace) -> dict[str, Any]:
    """One seed, in a workspace of its own: learn, go on twice, ask."""
    rows = messages()
    names = sorted({slot for part in rows.values() for row in part for slot in row["output"]})
    task = Task.model_validate(
        {
            "kind": "extract",
            "name": "booking",
            "system": "Slots of the booking as JSON.",
            "fields": {name: {"type": "string"} for name in names},
        }
    )
    found: dict[str, Any] = {"rows": {name: len(part) for name, part in rows.items()}}
    with loop.init_workspace(folder, task=task) as ws:
        _take(ws, "old", rows["old"])
        loop.build_dataset(ws, "old", ratios=RATIOS, seed=seed)
        first = _train(ws, BASE, "old@1", "old", asked, seed)
        _take(ws, "new", rows["new"])
        tags = {"query": {"files": ["new.jsonl"]}, "ratios": RATIOS, "seed": seed}
        loop.build_dataset(ws, "without", **tags)
        replay = {"replay": "old@1", "replay_share": asked.share}
        built = loop.build_dataset(ws, "with", **tags, **replay)
        found["replay"] = built.manifest.options["replay"]
        for way in WAYS:
            model = _train(ws, first, f"{way}@1", way, asked, seed)
            kept = _asked(ws, model, forgetting=True, seed=seed)
            learned = _asked(
                ws, model, on="without@1/test", rows=["tuned"], further=[first], seed=seed
            )
            found[way] = {"old": _figures(kept), "new": _figures(learned)}
    return found


def _take(ws: Workspace, name: str, rows: list[dict[str, Any]]) -> None:
    file = ws.root / f"{name}.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    loop.import_examples(ws, file, task="booking", accept_as=f"annotators of {name}")


def _train(
    ws: Workspace, base: str, dataset: str, name: str, asked: argparse.Namespace, seed: int
) -> str:
    recipe = {
        "task": "booking",
        "base": base,
        "dataset": dataset,
        "name": name,
        "lora": {"r": 16, "lora_alpha": 32, "lora_dropout": 0.0} if base == BASE else {},
        "training": {"max_steps": asked.steps, "seed": seed, "threads": 1},
        "data": {"max_seq_length": 256},
    }
    prepared = training.prepare_training(ws, recipe)
    job = training.start_training(ws, prepared, is_confirmed=True, target=Here()).job_id
    (model,) = [one.ref for one in training.collect_trained(ws).models if one.job == job]
    return model


def _asked(ws: Workspace, model: str, **choices: Any) -> Evaluation:
    options = evaluation.evaluate_options(**choices)
    job = evaluation.evaluate(ws, model, options, target=Here())
    return evaluation.finish(ws, job.id)


def _figures(found: Evaluation) -> dict[str, Any]:
    (difference,) = found.differences.values()
    newer, older = found.rows
    return {
        "on": found.on,
        "examples": newer.examples,
        "before": older.score.value,
        "after": newer.score.value,
        "difference": [difference.value, difference.low, difference.high],
    }


def arguments() -> argparse.Namespace:
    """What can be chosen; the defaults are those of the published figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=240, help="of each training")
    parser.add_argument("--share", type=float, default=0.2, help="of what trains, replayed")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "benchmarks/out/forgetting")
    return parser.parse_args()


def main() -> int:
    """Run the seeds that are missing, print the table; 0 where a replay forgets less."""
    asked = arguments()
    if not DATA.is_dir():
        print(f"No messages at {DATA}; set HONE_TEST_DATA.")
        return 2
    sha = hashlib.sha256((SHIPPED[BASE] / "model.safetensors").read_bytes()).hexdigest()[:12]
    asked.out.mkdir(parents=True, exist_ok=True)
    outcomes: dict[int, dict[str, Any]] = {}
    for seed in asked.seeds:
        name = f"{sha}-{asked.steps}-{asked.share:g}-{seed}"
        kept = asked.out / f"{name}.json"
        if not kept.is_file():
            shutil.rmtree(asked.out / name, ignore_errors=True)
            kept.write_text(json.dumps(go_through(asked.out / name, seed, asked), indent=1) + "\n")
        outcomes[seed] = json.loads(kept.read_text())
    print(
        f"{BASE} {sha}, {asked.steps} steps of 4 rows each, {asked.share:.0%} replayed; field F1 "
        f"on the old test before → after, paired difference with its 95 % interval"
    )
    print("| seed | replay | old test | difference | new test |\n|---|---|---|---|---|")
    for seed, one in outcomes.items():
        for way in WAYS:
            old, new = one[way]["old"], one[way]["new"]
            value, low, high = old["difference"]
            print(
                f"| {seed} | {way} | {old['before']:.3f} → {old['after']:.3f} | "
                f"{value:+.3f} [{low:+.3f}, {high:+.3f}] | "
                f"{new['before']:.3f} → {new['after']:.3f} |"
            )
    lost = {
        way: statistics.mean(one[way]["old"]["difference"][0] for one in outcomes.values())
        for way in WAYS
    }
    print(f"Mean over seeds: without {lost['without']:+.3f}, with a replay {lost['with']:+.3f}")
    return 0 if lost["without"] < 0 and lost["with"] > lost["without"] else 1


if __name__ == "__main__":
    sys.exit(main())
