"""Predictions made ahead: only what is missing, gone on with, looked up, known as stale."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hone import shelf
from hone.errors import HoneError, InvalidInput
from hone.records.task import Task
from hone.stages.predict import (
    LookedUp,
    ahead_task,
    collect_ahead,
    keep_ahead,
    look_ahead,
    predict_ahead,
)
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace, init_workspace, open_workspace
from hone.workspace.store import new_example
from tests.faults.gates import wait_until
from tests.stages.answering import (
    RULES,
    Answers,
    example,
    make_workspace,
    message,
    output,
    register,
)
from tests.targets.here import Here

COUNT = 60
PAGE = ["e001", "e008", "e010"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "ws"
    with make_workspace(root, count=COUNT) as ws:
        register(ws)
        register(ws)
        ws.store.models.set_active("pickup@v1")
    return root


@pytest.fixture
def ws(built: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(built, tmp_path / "ws")
    with open_workspace(tmp_path / "ws") as workspace:
        yield workspace


@pytest.fixture
def task(ws: Workspace) -> Task:
    return ahead_task(ws)


def states(found: LookedUp) -> dict[str, tuple[str, int]]:
    return {one.way: (one.state, one.done) for one in found.ways}


def test_every_example_is_answered_once_by_rules_and_model(ws: Workspace, task: Task) -> None:
    assert states(look_ahead(ws, task)) == {"rules": ("absent", 0), "model": ("absent", 0)}
    target = Here(Answers())
    assert len(predict_ahead(ws, task, target=target)) == 2
    assert len(collect_ahead(ws)) == 2
    found = look_ahead(ws, task, PAGE)
    assert states(found) == {"rules": ("ready", COUNT), "model": ("ready", COUNT)}
    assert found.answers["e001"]["model"].output == output(1)
    assert found.answers["e010"]["model"].problems == []
    assert found.answers["e010"]["model"].output == [{"item": "bread"}]
    assert found.answers["e008"]["rules"].output == []
    assert found.answers["e001"]["model"].by == "pickup@v1"
    assert not found.answers["e001"]["model"].is_stale
    assert predict_ahead(ws, task, target=target) == [] and len(target.folders) == 2


def test_new_imports_are_added_by_the_next_run_alone(ws: Workspace, task: Task) -> None:
    target = Here(Answers())
    predict_ahead(ws, task, target=target)
    more = [example(number) for number in (61, 62)]
    ws.store.examples.add_many(new_example(one, search=message(one.position)) for one in more)
    assert len(keep_ahead(ws, target=target)) == 2
    lines = (target.folders[-1].inputs / "examples.jsonl").read_text().splitlines()
    assert len(lines) == 2
    collect_ahead(ws)
    assert states(look_ahead(ws, task))["model"] == ("ready", COUNT + 2)


def test_another_active_version_is_asked_and_the_old_answers_are_stale_till_then(
    ws: Workspace, task: Task
) -> None:
    target = Here(Answers())
    predict_ahead(ws, task, target=target)
    collect_ahead(ws)
    ws.store.models.set_active("pickup@v2")
    found = look_ahead(ws, task, PAGE)
    assert states(found)["model"] == ("absent", 0)
    stale = found.answers["e001"]["model"]
    assert stale.is_stale and stale.by == "pickup@v1"
    assert len(keep_ahead(ws, target=target)) == 1
    keep_ahead(ws, target=target)
    fresh = look_ahead(ws, task, PAGE).answers["e001"]["model"]
    assert not fresh.is_stale and fresh.by == "pickup@v2"
    assert [one.by for one in ws.store.predicted.givers() if one.method == "model"] == ["pickup@v2"]


def test_changed_rules_make_their_answers_stale(ws: Workspace, task: Task) -> None:
    predict_ahead(ws, task, ["rules"], target=Here(Answers()))
    collect_ahead(ws)
    (ws.root / "rules" / "pickup.yaml").write_text(RULES.replace("cases|lbs", "cases"))
    assert look_ahead(ws, task, PAGE).answers["e001"]["rules"].is_stale


def test_a_job_that_was_cut_off_goes_on_by_hand_and_asks_nothing_twice(
    ws: Workspace, task: Task
) -> None:
    dying = Answers(dies_after=25)
    (job,) = predict_ahead(ws, task, ["model"], target=Here(dying))
    assert states(look_ahead(ws, task))["model"] == ("stopped", 0)
    going_on = Answers()
    target = Here(going_on)
    assert keep_ahead(ws, target=target) == [] and target.folders == []
    assert [one.id for one in predict_ahead(ws, task, ["model"], target=target)] == [job.id]
    assert JobFolder(ws.jobs / job.id).has_result and going_on.answered == COUNT - 25
    collect_ahead(ws)
    assert states(look_ahead(ws, task))["model"] == ("ready", COUNT)


def test_a_worker_that_is_killed_goes_on_where_it_was(ws: Workspace, task: Task) -> None:
    noise = "nothing was picked up there today " * 300
    more = [example(number) for number in range(1000, 3000)]
    ws.store.examples.add_many(
        new_example(one.model_copy(update={"input": {"message": noise + message(n)}}), search="")
        for n, one in enumerate(more, 1000)
    )
    local: Any = shelf.load("targets", "local")
    (job,) = predict_ahead(ws, task, ["rules"], target=local)
    folder = JobFolder(ws.jobs / job.id)
    file = folder.predictions / "rules.jsonl"
    wait_until(lambda: file.is_file() and file.stat().st_size > 0, "an answer stands there")
    identity = folder.identity()
    assert identity is not None
    os.kill(identity.pid, signal.SIGKILL)
    wait_until(lambda: not folder.is_alive(), "the worker is dead")
    before = file.read_bytes()
    assert not folder.has_result and 0 < before.count(b"\n") < COUNT + 2000
    assert look_ahead(ws, task).ways[0].state == "stopped"
    assert [one.id for one in predict_ahead(ws, task, ["rules"], target=local)] == [job.id]
    wait_until(lambda: folder.has_result, "the job is done")
    assert file.read_bytes().startswith(before[: before.rindex(b"\n")])
    assert file.read_bytes().count(b"\n") == COUNT + 2000
    collect_ahead(ws)
    found = look_ahead(ws, task, ["e033", "e2999"])
    assert states(found)["rules"] == ("ready", COUNT + 2000)
    assert found.answers["e033"]["rules"].output == output(33)
    assert not found.answers["e2999"]["rules"].is_stale


def test_larger_tasks_are_done_in_several_jobs(
    ws: Workspace, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hone.stages.predict.ahead.MOST_IN_A_JOB", 25)
    target = Here(Answers())
    predict_ahead(ws, task, ["model"], target=target)
    for _ in range(4):
        keep_ahead(ws, target=target)
    sizes = [
        len((one.inputs / "examples.jsonl").read_text().splitlines()) for one in target.folders
    ]
    assert sizes == [25, 25, 10]
    assert states(look_ahead(ws, task))["model"] == ("ready", COUNT)


def test_without_an_active_model_it_is_said_and_nothing_begins(ws: Workspace, task: Task) -> None:
    for ref in ("pickup@v1", "pickup@v2"):
        ws.store.models.delete(ref)
    target = Here(Answers())
    with pytest.raises(HoneError, match="No model is active"):
        predict_ahead(ws, task, target=target)
    assert target.folders == []
    (_, model) = look_ahead(ws, task).ways
    assert model.state == "nobody" and "No model is active" in model.says and model.hint


def test_nobody_is_asked_who_was_not_asked_for_before(ws: Workspace) -> None:
    target = Here(Answers())
    assert keep_ahead(ws, target=target) == [] and target.folders == []


def test_only_extract_tasks_are_predicted_ahead(ws: Workspace) -> None:
    (ws.root / "tasks" / "qa.yaml").write_text("kind: qa\nname: qa\nsystem: Answer.\n")
    with pytest.raises(InvalidInput, match="only extract tasks"):
        ahead_task(ws, "qa")


def test_who_cannot_predict_ahead_is_told_why(ws: Workspace, task: Task, tmp_path: Path) -> None:
    with init_workspace(tmp_path / "qa") as other:
        with pytest.raises(InvalidInput, match="qa is a qa task: only extract tasks are") as told:
            ahead_task(other)
        assert told.value.hint == "--task NAME of an extract task"
    without = task.model_copy(update={"rules": None})
    with pytest.raises(HoneError, match="The task pickup names no rules") as caught:
        predict_ahead(ws, without, ["rules"])
    assert "rules/pickup.yaml" in caught.value.hint
    (ws.root / "rules" / "pickup.yaml").unlink()
    with pytest.raises(HoneError, match=r"Cannot read .*pickup\.yaml: there is no such"):
        predict_ahead(ws, task, ["rules"])
    assert not list(ws.jobs.iterdir())
