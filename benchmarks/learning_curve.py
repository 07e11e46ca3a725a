"""Does a learning curve foretell the score at twice the data? On messages that none of us wrote.

    python benchmarks/learning_curve.py                  # the figures of the docs
    python benchmarks/learning_curve.py --steps 60 --test-ratio 0.1 --out results

restaurant8k (train_3.json) goes the way of a user: import as spans, accept as a trusted labelled
set, build. Half of the train split is held out. A curve is drawn from trainings of hone-nano on
parts of the other half, as `hone datasets curve` draws it, and its prediction for twice the data
is printed. Only then all of the train split is trained on, once for each seed, and each model is
asked the same test split. Exits 1 where the score of the first seed lies outside the interval, or
the interval is wider than 0.15. Trainings and answers are carried out in this process, which loads
its libraries once. The file comes from the folder that HONE_TEST_DATA names.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from forgetting import Here
from real_messages import BASE, DATA, SETS, about

from hone import loop
from hone.records.curve import CurveRun, LearningCurve
from hone.stages import curve
from hone.stages import evaluate as evaluation
from hone.stages.train import plan_subsets, prepare_training, train_subsets
from hone.workspace.open import Workspace

MOST_WIDTH = 0.15
(MESSAGES,) = (one for one in SETS if one.name == "restaurant8k")


def main() -> int:
    """Print the tables; 0 where the score at twice the data lies in an interval of some use."""
    asked = arguments()
    if not DATA.is_dir():
        print(f"No messages at {DATA}; set HONE_TEST_DATA.")
        return 2
    print(about(asked), flush=True)
    began, spent = time.perf_counter(), time.process_time()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as aside,
        loop.init_workspace(Path(asked.out or aside) / "ws", template="extract") as ws,
    ):
        found, trained = go_through(ws, asked)
    minutes = [(time.perf_counter() - began) / 60, (time.process_time() - spent) / 60]
    print("\nin all {:.1f} minutes, {:.1f} of a core".format(*minutes))
    return 0 if is_foretold(found, trained) else 1


def arguments() -> argparse.Namespace:
    """What can be chosen; the defaults are those of the published figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=400, help="on all of the train split")
    parser.add_argument("--rows", type=int, default=16, help="rows of one batch")
    parser.add_argument("--rate", type=float, default=0.004)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--test-ratio", type=float, default=0.3)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--points", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", help="keep the workspace in this new folder")
    asked = parser.parse_args()
    asked.shots = 0
    return asked


def go_through(ws: Workspace, asked: argparse.Namespace) -> tuple[LearningCurve, list[CurveRun]]:
    """The curve from half of the train split, then the trainings on all of it."""
    loop.import_examples(
        ws, DATA / MESSAGES.file, shape="spans", new_task=MESSAGES.name, accept_as="annotators"
    )
    val = 0.08
    ratios = {"train": 1 - val - asked.test_ratio, "val": val, "test": asked.test_ratio}
    name = MESSAGES.name
    built = loop.build_dataset(ws, name, task=name, ratios=ratios, seed=asked.seed)
    sizes = ", ".join(f"{one.rows} {split}" for split, one in built.manifest.splits.items())
    print(f"{built.manifest.ref}: {sizes}; half of train is held out\n")
    half = [2.0**-power / 2 for power in range(asked.points)]
    found = drawn(ws, half, asked)
    print(table_of(found.runs))
    print("\n".join(f"- {line}" for line in curve.as_lines(found)), flush=True)
    trained = drawn(ws, [1.0], asked).runs
    print("\nall of the train split:\n")
    print(table_of(trained), flush=True)
    return found, trained


def drawn(ws: Workspace, shares: Sequence[float], asked: argparse.Namespace) -> LearningCurve:
    """Train on these shares of the train split, ask each model, and judge what came of it."""
    options = curve.curve_options(repeats=asked.repeats, seed=asked.seed)
    wanted = curve.wanted(ws, MESSAGES.name, options)
    recipe = loop.find_recipe("extract_lora")
    prepared = prepare_training(ws, recipe, overrides=changes(asked))
    plan = plan_subsets(ws, prepared, lambda examples: shares, options.seeds)
    trained = train_subsets(ws, plan, target=Here())
    learned = {one.job: one.answers_by for one in trained if one.answers_by}
    owed = curve.whoever_has_not_answered(ws, wanted.on, learned)
    if owed:
        asked_for = evaluation.evaluate_options(on=wanted.on, rows=[], further=owed)
        job = evaluation.evaluate(ws, BASE, asked_for, target=Here())
        evaluation.finish(ws, job.id)
    # What it calls all examples is the largest part: the rest is held out.
    facts = {**plan.facts, "examples": max(one.run.examples for one in trained)}
    return curve.judge_answers(ws, wanted, facts, [one.run for one in trained])


def changes(asked: argparse.Namespace) -> list[str]:
    """As benchmarks/real_messages.py sets the shipped recipe extract_lora for a base of 2 MB."""
    return [
        f"base={BASE}",
        f"dataset={MESSAGES.name}",
        f"lora.r={asked.rank}",
        f"lora.lora_alpha={2 * asked.rank}",
        "lora.lora_dropout=0",
        f"training.learning_rate={asked.rate}",
        f"training.batch_size={asked.rows}",
        f"training.max_steps={asked.steps}",
        "training.eval_steps=80",
        "data.max_seq_length=512",
    ]


def table_of(runs: Sequence[CurveRun]) -> str:
    """Markdown: one line per training."""
    lines = ["| examples | seed | steps | field F1 | seconds |", "|---|---|---|---|---|"]
    for run in runs:
        score = run.problem
        if run.score is not None:
            score = f"{run.score.value:.3f} [{run.score.low:.3f}, {run.score.high:.3f}]"
        cells = (run.examples, run.seed, run.steps, score, f"{run.seconds:.0f}")
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def is_foretold(found: LearningCurve, trained: Sequence[CurveRun]) -> bool:
    """Whether the score of the first seed lies in the interval; says where each one lies."""
    if found.prediction is None:
        print("There is no prediction.")
        return False
    expected = found.prediction.score
    low, high = expected.low or 0.0, expected.high or 1.0
    scores = [run.score.value for run in trained if run.score is not None]
    inside = [low <= score <= high for score in scores]
    print(
        f"\npredicted for {found.prediction.examples} examples: {expected.value:.3f} "
        f"[{low:.3f}, {high:.3f}], {high - low:.3f} wide; trained on {trained[0].examples}: "
        f"{', '.join(f'{score:.3f}' for score in scores)}; {sum(inside)} of {len(scores)} inside"
    )
    return bool(inside) and inside[0] and high - low <= MOST_WIDTH


if __name__ == "__main__":
    sys.exit(main())
