"""SIGKILL of the supervisor at every step: nothing is lost, nothing is started twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from hone.stages import jobs
from hone.stages.configure import change_setting
from hone.supervisor.steps import LOCAL, PLANS, RENTED, SERVERLESS, SSH, UNREHEARSED
from hone.workspace.open import Workspace
from tests.faults.gates import Gate
from tests.faults.orders import INPUTS, asked, training
from tests.faults.supervisors import (
    assert_done_once,
    killed_at,
    kills_of,
    starts_of,
    supervised,
)
from tests.targets.machines import Machine


def test_the_matrix_covers_every_step_that_there_is() -> None:
    # Rented machines and endpoints have matrices of their own.
    old = {"local": LOCAL, "ssh": SSH}
    newer = {**old, "rented": UNREHEARSED, "runpod_serverless": SERVERLESS}
    assert {1: old, 2: newer, 3: {**newer, "rented": RENTED}} == PLANS
    assert [step for step in RENTED if step not in UNREHEARSED] == [RENTED[5]]


def test_a_local_job_outlives_a_kill_before_and_after_each_step(ws: Workspace, gate: Gate) -> None:
    job = asked(ws, training(fake={"steps": 2}))
    for step, pause in kills_of(LOCAL):
        killed_at(ws, gate, step, pause)
    with supervised(ws):
        assert list(jobs.watch(ws, job))[-1] == "succeeded"
    assert_done_once(ws, job)


def test_a_job_over_ssh_outlives_a_kill_before_and_after_each_step(
    ws: Workspace, gate: Gate, there: Machine
) -> None:
    change_setting(ws, "targets.ssh", str(there.options()))
    job = asked(ws, training(fake={"steps": 2}).model_copy(update={"target": "ssh"}))
    for step, pause in kills_of(SSH):
        killed_at(ws, gate, step, pause)
    with supervised(ws):
        assert list(jobs.watch(ws, job))[-1] == "succeeded"
    assert_done_once(ws, job)
    assert not (there.home / ".hone" / "jobs" / job).exists() and there.processes() == []


@pytest.mark.parametrize("target", ["local", "ssh"])
def test_a_kill_while_the_worker_comes_up_starts_no_second_one(
    ws: Workspace, gate: Gate, there: Machine, tmp_path: Path, target: str
) -> None:
    change_setting(ws, "targets.ssh", str(there.options()))
    go = tmp_path / "go"
    fake = {"waits_to_claim": str(go), "gate": str(gate.path), "steps": 1}
    job = asked(ws, training(fake=fake).model_copy(update={"target": target}))
    with supervised(ws):
        gate.wait("unclaimed")
    with supervised(ws):
        assert jobs.show(ws, job).state == "waiting"
        go.touch()
        assert list(jobs.watch(ws, job))[-1] == "succeeded"
    assert_done_once(ws, job)


def test_a_job_that_fails_fails_once_and_can_be_resumed(ws: Workspace, gate: Gate) -> None:
    job = asked(ws, training(fake={"fails": True}))
    killed_at(ws, gate, "follow", "after")
    with supervised(ws):
        assert list(jobs.watch(ws, job))[-1] == "failed"
        status = jobs.show(ws, job)
        assert (status.error, status.hint, status.attempts) == ("it broke", "mend it", 1)
        jobs.resume(ws, job)
        assert list(jobs.watch(ws, job))[-1] == "failed"
    assert starts_of(ws, job) == 2 and ws.store.attempts.open() == []


def test_an_attempt_is_finished_by_the_steps_under_which_it_was_begun(
    ws: Workspace, gate: Gate
) -> None:
    older = asked(ws, training(fake={"steps": 1}))
    killed_at(ws, gate, "start", "after", versions=[1])
    with supervised(ws, versions=[1, 2, 3, 4]):
        assert list(jobs.watch(ws, older))[-1] == "succeeded"
        newer = jobs.launch(ws, training(fake={"steps": 1}), INPUTS).id
        assert list(jobs.watch(ws, newer))[-1] == "succeeded"
    assert (ws.root / "marks").read_text().split() == [f"{newer}.1"]
