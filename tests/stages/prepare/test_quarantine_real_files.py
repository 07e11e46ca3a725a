"""Quarantine over published questions that come again under another name, order and answer."""

from __future__ import annotations

import csv
import random
from pathlib import Path

from hone import loop
from hone.checks import near_duplicate
from hone.records.dataset import SplitRatios
from hone.records.task import Task
from hone.stages.prepare import BuildOptions, build_dataset
from hone.workspace.open import Workspace, init_workspace

COLUMNS = {"question": "Question", "answer": "Best Answer", "group": "Category"}
RATIOS = SplitRatios(train=0.6, val=0.1, test=0.2, probe=0.1)


def rewritten(source: Path, target: Path) -> Path:
    """The same questions, shuffled, half of them in other letters, with no categories."""
    with source.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    dice = random.Random(7)
    dice.shuffle(rows)
    with target.open("w", newline="", encoding="utf-8-sig") as out:
        writer = csv.writer(out, delimiter=";")
        writer.writerow(["Queries", "Expected Response"])
        for place, row in enumerate(rows):
            asked = row["Question"]
            asked = f"  {asked.upper()} " if place % 2 else asked
            writer.writerow([asked, row["Best Incorrect Answer"]])
    return target


def trespassers(ws: Workspace, ref: str) -> list[tuple[str, str]]:
    """Training questions that any tested one nearly repeats, all pairs looked at."""
    tested = [ws.store.examples.get(id) for id in ws.store.datasets.tested_ids()]
    groups = {one.group for one in tested if one.group}
    options = near_duplicate.Options()
    asked = [str(one.input["question"]) for one in tested]
    training = [one.id for one in ws.store.datasets.members(ref) if one.split == "train"]
    found: list[tuple[str, str]] = []
    for id in training:
        example = ws.store.examples.get(id)
        text = str(example.input["question"])
        if example.group in groups:
            found.append((id, f"sibling in {example.group}"))
        (near,) = near_duplicate.nearest([text], asked, options, most=1)
        found += [(id, asked[place]) for place, likeness in near if likeness >= options.threshold]
    return found


def test_published_questions_never_come_back_into_training(test_data: Path, tmp_path: Path) -> None:
    source = test_data / "qa" / "truthfulqa" / "TruthfulQA.csv"
    with init_workspace(tmp_path / "ws", task=Task(kind="qa", name="truth")) as ws:
        first = loop.import_examples(ws, source, mapping=COLUMNS, accept_as="ann")
        assert first.taken > 700
        build_dataset(ws, "truth", BuildOptions(ratios=RATIOS))
        tested = ws.store.datasets.tested_ids()
        assert len(tested) > 150 and trespassers(ws, "truth@1") == []
        file = rewritten(source, tmp_path / "renamed and rewritten.csv")
        second = loop.import_examples(ws, file, accept_as="ann")
        assert second.taken == first.taken
        for name, seed in (("truth", 0), ("other", 3)):
            built = build_dataset(ws, name, BuildOptions(ratios=RATIOS, seed=seed))
            assert trespassers(ws, built.manifest.ref) == []
            quarantined = [one for one in built.kept_out if one.reason == "quarantine"]
            assert len(quarantined) >= len(tested) * 0.9
            assert built.manifest.splits["train"].rows > 300
