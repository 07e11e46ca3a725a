"""A learning curve of real trainings: each part is trained, asked and judged, and paid for once."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hone import loop
from hone.errors import HoneError
from hone.records.curve import LearningCurve
from hone.stages import curve, jobs
from hone.stages.train import PlannedSubsets, train_subsets
from hone.workspace.open import Workspace, open_workspace
from tests.engine.small import make_small_base
from tests.faults.gates import wait_until
from tests.loop.here import evaluate_here, worker_here
from tests.stages.answering import make_workspace

pytestmark = pytest.mark.loop

RECIPE: dict[str, Any] = {
    "base": "small",
    "dataset": "pickup",
    "lora": {"r": 4},
    "training": {"max_steps": 24, "batch_size": 4, "threads": 1, "learning_rate": 0.01},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made") / "ws"
    with make_workspace(root, count=160) as ws:
        shutil.rmtree(ws.root / "small")
        make_small_base(ws.root / "small")
    return root


@pytest.fixture
def ws(made: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(made, tmp_path / "ws")
    with open_workspace(tmp_path / "ws") as workspace:
        yield workspace


def planned(ws: Workspace) -> tuple[PlannedSubsets, curve.Wanted]:
    return loop.plan_learning_curve(ws, "pickup", RECIPE, points=4, repeats=1)


def test_real_trainings_on_parts_are_asked_and_judged(ws: Workspace) -> None:
    plan, wanted = planned(ws)
    trained = train_subsets(ws, plan, target=worker_here())
    assert [(one.run.examples, one.run.steps, one.run.problem) for one in trained] == [
        (10, 3, ""), (20, 6, ""), (40, 12, ""), (80, 24, ""),
    ]  # fmt: skip
    # No two models are the same: each learned from its own part.
    finals = [jobs.folder_of(ws, one.job).final / "adapter_model.safetensors" for one in trained]
    assert len({file.read_bytes() for file in finals}) == 4
    learned = {one.job: one.answers_by for one in trained if one.answers_by}
    owed = curve.whoever_has_not_answered(ws, wanted.on, learned)
    found = evaluate_here(ws, "small", on=wanted.on, rows=[], further=owed, max_new_tokens=8)
    assert [row.contender for row in found.rows] == [one.job for one in trained]
    judged = loop.learning_curve(ws, (plan, wanted), confirm_run=True)
    assert judged.asked == 64 and all(run.score is not None for run in judged.runs)
    assert judged.prediction is not None and judged.prediction.examples == 160
    (report,) = ws.reports.glob("curve_pickup@1_*.json")
    assert LearningCurve.model_validate(json.loads(report.read_text())) == judged
    assert len(ws.store.jobs.list()) == 5 and ws.store.models.list() == []


def test_a_training_killed_on_the_way_goes_on_and_the_others_are_not_done_again(
    ws: Workspace,
) -> None:
    """By the supervisor and real processes, as the command has it."""
    plan, _ = planned(ws)
    few = plan._replace(subsets=plan.subsets[:2])
    seen: list[str] = []

    def kill_the_second(job: str, _: object) -> None:
        if job not in seen:
            seen.append(job)
        identity = jobs.folder_of(ws, job).identity()
        if len(seen) == 2 and identity is not None:
            os.kill(identity.pid, signal.SIGKILL)

    first = train_subsets(ws, few, on_event=kill_the_second)
    assert [bool(one.run.problem) for one in first] == [False, True]
    assert "SIGKILL" in first[1].run.problem or "without a word" in first[1].run.problem
    folder = jobs.folder_of(ws, first[1].job)
    wait_until(lambda: not folder.is_alive(), "the killed worker is gone")
    again: list[str] = []
    second = train_subsets(ws, few, on_event=lambda job, _: again.append(job))
    assert [one.job for one in second] == [one.job for one in first]
    assert not any(one.run.problem for one in second)
    assert set(again) == {first[1].job} and len(ws.store.jobs.list()) == 2


def test_stopping_one_stops_the_curve_and_the_same_goes_on(ws: Workspace) -> None:
    plan, _ = planned(ws)
    few = plan._replace(subsets=plan.subsets[:1])
    with pytest.raises(HoneError, match="was stopped"):
        train_subsets(ws, few, on_event=lambda job, _: jobs.ask_to_stop(ws, job))
    (one,) = train_subsets(ws, few)
    assert not one.run.problem and len(ws.store.jobs.list()) == 1
