"""Predictions shown while a training runs: what they say, and that they change nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hone import shelf
from hone.cli.told import describe
from hone.workspace.job_folder import JobFolder
from tests.engine.small import make_small_base
from tests.loop.kills import traces
from tests.loop.test_methods import CASES, Case, job_of

pytestmark = pytest.mark.loop
SHOWN = {
    "sft": {"prompt", "expected", "predicted", "loss"},
    "dpo": {"prompt", "chosen", "rejected", "chosen_score", "rejected_score", "margin"},
    "kto": {"prompt", "answer", "label", "score"},
    "reward": {"chosen", "rejected", "chosen_score", "rejected_score", "margin"},
    "grpo": {"prompt", "expected", "predicted", "reward"},
    "regression": {"text", "expected", "predicted", "error"},
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small_base(tmp_path_factory.mktemp("base") / "small")


def samples(folder: JobFolder) -> list[dict[str, Any]]:
    return [event.model_extra or {} for event in folder.events() if event.type == "samples"]


@pytest.mark.parametrize(
    "name",
    ["sft", "dpo-lora", "kto-lora", "reward-lora", "grpo-lora", "rloo-lora", "regression-lora"],
)
def test_every_validation_shows_rows_and_changes_no_bit(
    name: str, tmp_path: Path, base: Path
) -> None:
    from tests.engine.small import copy_rows

    case = CASES[name] if name in CASES else Case("sft", copy_rows, True, 3e-3)
    told: list[JobFolder] = []
    for place, each in (("with", 1), ("without", 0)):
        changes: dict[str, Any] = {"training.samples": each, "training.epochs": 2}
        if not each:
            # The validation before the first step changes nothing either.
            changes["training.on_no_learning"] = "ignore"
        folder = job_of(case, tmp_path / place, base, **changes)
        shelf.load("methods", case.method).run(folder)
        told.append(folder)
    shown, bare = told
    assert traces(shown) == traces(bare)
    assert samples(bare) == []
    assert len(samples(shown)) == 2
    for rows in (one["rows"] for one in samples(shown)):
        assert [row["pick"] for row in rows] == ["best", "worst", "random"]
        assert all(SHOWN[case.method] <= set(row) for row in rows)
    if case.method == "sft":
        first = samples(shown)[0]["rows"]
        assert first[0]["loss"] <= first[2]["loss"] <= first[1]["loss"]
        assert first[0]["prompt"].rstrip().endswith("assistant")
    event = next(event for event in shown.events() if event.type == "samples")
    assert describe(event).count("\n") == 2 and "worst: " in describe(event)
