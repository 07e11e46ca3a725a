"""A rise on messages that none of us wrote: SNIPS and restaurant8k, beside base and few-shot.

    python benchmarks/real_messages.py                        # both sets: the figures of the docs
    python benchmarks/real_messages.py --only snips --steps 60 --out results

Each set goes the way of a user, in a workspace of its own: import as spans (the importer writes
the task file), accept as a trusted labelled set, build, train an adapter on hone-nano, evaluate.
SNIPS: its train file is divided into train and val, its validation file is asked. restaurant8k: one
seeded split of train_3.json. Rate and rank are those of the recipe pickup_lora; steps and batch
were chosen for minutes, not for the score. Beside the evaluation's own rows the tuned model is
compared with an answer that never finds anything, {}: right wherever a message has no slot. The
files come from the folder that HONE_TEST_DATA names; they are no part of this repository. Exits 1
where an interval of a difference contains 0.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from hone import loop
from hone.metrics._intervals import mean_interval, paired_difference
from hone.records.evaluation import Evaluation
from hone.records.model import Measured
from hone.workspace.bases import SHIPPED

REPOSITORY = Path(__file__).resolve().parents[1]

DATA = Path(os.environ.get("HONE_TEST_DATA", REPOSITORY.parent / "shared" / "data")) / "messages"
BASE = "hone-nano"


@dataclass(frozen=True)
class MessageSet:
    """One published set of messages with slots; without `asked_file` its test split is asked."""

    name: str
    file: str
    ratios: dict[str, float]
    asked_file: str | None = None


SETS = (
    MessageSet(
        name="snips",
        file="snips/train_BookRestaurant.json",
        ratios={"train": 0.85, "val": 0.15, "test": 0.0},
        asked_file="snips/validate_BookRestaurant.json",
    ),
    MessageSet(
        name="restaurant8k",
        file="restaurant8k/train_3.json",
        ratios={"train": 0.8, "val": 0.1, "test": 0.1},
    ),
)


@dataclass(frozen=True)
class Outcome:
    """What the loop gave on one set."""

    name: str
    taken: str
    rows: dict[str, int]
    training_seconds: float
    found: Evaluation
    empty: Measured
    over_empty: Measured


def main() -> int:
    """Print the tables; 0 where tuned is better than base and few-shot on every set."""
    asked = arguments()
    if not DATA.is_dir():
        print(f"No messages at {DATA}; set HONE_TEST_DATA.")
        return 2
    print(about(asked))
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as aside:
        folder = Path(asked.out or aside)
        for one in SETS:
            if asked.only in (None, one.name):
                outcomes.append(go_through(one, folder / one.name, asked))
                print(table_of(outcomes[-1]), flush=True)
        if asked.out:
            written = {one.name: one.found.model_dump(mode="json") for one in outcomes}
            (folder / "figures.json").write_text(json.dumps(written, indent=1) + "\n")
    differences = [
        one
        for outcome in outcomes
        for name, one in outcome.found.differences.items()
        # Whether search is enough is what the table tells; it is no promise of so small a base.
        if name.endswith((" - base", " - few-shot"))
    ]
    differences += [outcome.over_empty for outcome in outcomes]
    return 0 if all((one.low or 0.0) > 0 for one in differences) else 1


def arguments() -> argparse.Namespace:
    """What can be chosen; the defaults are those of the published figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=240)
    parser.add_argument("--rows", type=int, default=16, help="rows of one batch")
    parser.add_argument("--rate", type=float, default=0.004)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--shots", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=[one.name for one in SETS])
    parser.add_argument("--out", help="keep workspaces and figures.json in this new folder")
    return parser.parse_args()


def go_through(one: MessageSet, folder: Path, asked: argparse.Namespace) -> Outcome:
    """The loop on one set, in a new workspace."""
    with loop.init_workspace(folder, template="extract") as ws:
        report = loop.import_examples(
            ws,
            DATA / one.file,
            shape="spans",
            new_task=one.name,
            accept_as=f"annotators of {one.name}",
        )
        built = loop.build_dataset(
            ws, one.name, task=one.name, ratios=one.ratios, seed=asked.seed
        ).manifest
        began = time.perf_counter()
        model = loop.train(
            ws, loop.find_recipe("extract_lora"), overrides=changes(one, asked), confirm_run=True
        )
        seconds = time.perf_counter() - began
        found = loop.evaluate(
            ws,
            model.ref,
            on=str(DATA / one.asked_file) if one.asked_file else None,
            shots=asked.shots,
            seed=asked.seed,
        )
    empty, over_empty = beside_empty(folder, found)
    return Outcome(
        name=one.name,
        taken=f"{report.taken:,} of {report.read:,}",
        rows={name: split.rows for name, split in built.splits.items() if split.rows},
        training_seconds=seconds,
        found=found,
        empty=empty,
        over_empty=over_empty,
    )


def beside_empty(folder: Path, found: Evaluation) -> tuple[Measured, Measured]:
    """Field F1 of always answering {}, and the tuned model's paired difference to it."""
    (file,) = (folder / "data" / "metrics").glob("*_examples.jsonl")
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    tuned = [line for line in lines if line["contender"] == found.model]
    empty = [float(json.loads(line["answer"]) == {}) for line in tuned]
    figures = (
        mean_interval(empty, seed=found.seed),
        paired_difference([line["score"] for line in tuned], empty, seed=found.seed),
    )
    first, second = (Measured(value=one.value, low=one.low, high=one.high) for one in figures)
    return first, second


def changes(one: MessageSet, asked: argparse.Namespace) -> list[str]:
    """What is set otherwise than in the shipped recipe extract_lora, for a base of 2 MB."""
    return [
        f"base={BASE}",
        f"dataset={one.name}@1",
        f"lora.r={asked.rank}",
        f"lora.lora_alpha={2 * asked.rank}",
        "lora.lora_dropout=0",
        f"training.learning_rate={asked.rate}",
        f"training.batch_size={asked.rows}",
        f"training.max_steps={asked.steps}",
        f"training.seed={asked.seed}",
        "training.eval_steps=40",
        "data.max_seq_length=512",
    ]


def table_of(outcome: Outcome) -> str:
    """Markdown: each contender's figures, then the paired differences of field F1."""
    found = outcome.found
    sizes = ", ".join(f"{rows} {name}" for name, rows in outcome.rows.items())
    lines = [
        f"\n**{outcome.name}**: {outcome.taken} rows taken; {sizes}; {found.rows[0].examples} "
        f"examples of {found.on} asked; training {outcome.training_seconds:.0f} s\n",
        "| contender | exact match | field F1 | valid JSON |",
        "|---|---|---|---|",
    ]
    for row in found.rows:
        figures = (row.metrics["exact_match"], row.score, row.metrics["json_valid"])
        lines.append(f"| {row.contender} | {' | '.join(f'{interval(one)}' for one in figures)} |")
    lines.append(f"| always {{}} | | {interval(outcome.empty)} | |")
    lines += ["", "| paired difference of field F1 | 95 % interval |", "|---|---|"]
    lines += [
        f"| {name.replace(' - ', ' − ')} | {interval(one, '+')} |"
        for name, one in found.differences.items()
    ]
    lines.append(f"| {found.model} − always {{}} | {interval(outcome.over_empty, '+')} |")
    return "\n".join([*lines, "", *(f"- {note}" for note in found.notes)])


def interval(one: Measured, sign: str = "") -> str:
    """`0.24 [0.19, 0.29]`."""
    assert one.low is not None and one.high is not None  # a mean of examples always has one
    return f"{one.value:{sign}.3f} [{one.low:{sign}.3f}, {one.high:{sign}.3f}]"


def about(asked: argparse.Namespace) -> str:
    """Weights, versions, machine and settings that the figures belong to."""
    weights = (SHIPPED[BASE] / "model.safetensors").read_bytes()
    packages = ("hone-studio", "torch", "transformers", "peft", "trl")
    return "\n".join(
        [
            f"{BASE}: model.safetensors sha256 {hashlib.sha256(weights).hexdigest()[:12]}",
            ", ".join(f"{name} {version(name)}" for name in packages),
            f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
            f"{asked.steps} steps of {asked.rows} rows, rate {asked.rate:g}, rank {asked.rank}, "
            f"{asked.shots} shots, seed {asked.seed}; intervals 95 %",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
