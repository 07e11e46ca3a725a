"""Jobs go on without anybody asking for them: with the web app, or with any command at all."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hone import loop
from hone.cli.run import run
from hone.stages import jobs
from hone.workspace.open import Workspace, init_workspace
from tests.faults.gates import Gate, wait_until
from tests.faults.orders import training
from tests.faults.supervisors import killed_at, starts_of, supervised
from tests.faults.test_real_training_killed import hone, make_workspace
from tests.web.server import served


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        yield workspace


def left_behind(ws: Workspace, gate: Gate) -> str:
    """A job whose supervisor was killed after its worker began: taking it in is still owed."""
    job = training(fake={"steps": 2})
    jobs.submit(ws, job, {"train.jsonl": "{}\n"})
    ws.store.attempts.ask(job.id, queue="local: cpu", after_seq=0, environment={})
    killed_at(ws, gate, "start", "after")
    assert jobs.supervisor_of(ws) is None and [one.job for one in ws.store.attempts.open()]
    return job.id


def is_taken_in(ws: Workspace, job: str) -> bool:
    done = ws.store.attempts.newest(job)
    return done is not None and done.outcome == "succeeded"


def test_the_web_app_takes_up_what_a_killed_supervisor_left(ws: Workspace, gate: Gate) -> None:
    job = left_behind(ws, gate)
    with served(ws.root):
        wait_until(lambda: is_taken_in(ws, job), "taken in without anybody looking")
    assert starts_of(ws, job) == 1
    (model,) = ws.store.models.list()
    assert model.model.job == job


def test_the_web_app_wakes_a_supervisor_that_is_killed_while_it_runs(
    ws: Workspace, gate: Gate
) -> None:
    with served(ws.root):
        job = left_behind(ws, gate)
        wait_until(lambda: is_taken_in(ws, job), "taken in without anybody looking")
    assert starts_of(ws, job) == 1


def test_any_command_takes_up_what_waits(
    ws: Workspace, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = left_behind(ws, gate)
    monkeypatch.chdir(ws.root)
    assert run(["doctor"]) == 1 and jobs.supervisor_of(ws) is None  # it only looks
    assert run(["examples", "stats"]) == 0
    wait_until(lambda: is_taken_in(ws, job), "taken in after another command")


def test_opening_a_workspace_where_nothing_waits_starts_nothing(ws: Workspace) -> None:
    with loop.open_workspace(ws.root) as opened:
        assert jobs.wake_if_owed(opened) is False
    assert not jobs.place_of(ws).exists()


def test_a_workspace_whose_supervisor_cannot_start_is_opened_all_the_same(
    ws: Workspace, gate: Gate
) -> None:
    job = left_behind(ws, gate)
    shutil.rmtree(jobs.place_of(ws))
    jobs.place_of(ws).write_text("a file where a folder should be")
    with loop.open_workspace(ws.root) as opened:
        assert opened.store.jobs.get(job).id == job


def test_a_queue_goes_on_while_the_web_app_is_restarted(ws: Workspace, gate: Gate) -> None:
    with supervised(ws):
        slow = {"waits_for_stop": True, "gate": str(gate.path), "steps": 1}
        with served(ws.root):
            first = jobs.launch(ws, training(fake=slow), {}).id
            gate.wait("training")
            second = jobs.launch(ws, training(fake={"steps": 1}), {}).id
        with served(ws.root):
            listed = {one["id"]: one for one in hone(ws, "jobs", "list")}
            assert (listed[first]["state"], listed[second]["state"]) == ("running", "waiting")
            assert listed[second]["says"] == f"Waiting in the queue: {first} has cpu."
            jobs.ask_to_stop(ws, first)
            wait_until(lambda: is_taken_in(ws, second), "the second is taken in")
        states = {one["id"]: one["state"] for one in hone(ws, "jobs", "list")}
        assert states == {first: "cancelled", second: "succeeded"}


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


@pytest.mark.loop
def test_two_real_trainings_end_over_a_killed_supervisor_and_a_restarted_web_app(
    tmp_path: Path,
) -> None:
    with make_workspace(tmp_path / "ws") as ws:
        command = ("train", "recipe.yaml", "--confirm-run", "--detach")
        first = hone(ws, *command, "--set", "training.epochs=2")["job"]
        second = hone(ws, *command, "--set", "training.epochs=1")["job"]
        assert first != second
        supervisor = jobs.supervisor_of(ws)
        assert supervisor is not None
        states = [dict(_listed(ws))]
        kill(supervisor.pid)
        with served(ws.root):
            wait_until(lambda: jobs.supervisor_of(ws) is not None, "another supervisor")
            states.append(dict(_listed(ws)))
        with served(ws.root):
            wait_until(lambda: is_taken_in(ws, first), "the first is taken in")
            states.append(dict(_listed(ws)))
            wait_until(lambda: is_taken_in(ws, second), "the second is taken in")
            states.append(dict(_listed(ws)))
        order = ["waiting", "running", "succeeded"]
        for job in (first, second):
            seen = [order.index(one[job]) for one in states]
            assert seen == sorted(seen) and seen[-1] == 2
        # Never both at once, and nothing is lost on the way.
        assert not [one for one in states if list(one.values()).count("running") > 1]
        refs = {one.model.ref for one in ws.store.models.list()}
        assert refs == {"faith@v1", "faith@v2"}


def _listed(ws: Workspace) -> Iterator[tuple[str, Any]]:
    for one in hone(ws, "jobs", "list"):
        yield one["id"], one["state"]
