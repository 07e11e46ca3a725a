"""SIGKILL of the supervisor at every step: nothing is lost, nothing is started twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hone.records.job import Job
from hone.stages import jobs
from hone.stages.configure import change_setting
from hone.supervisor.steps import LOCAL, PLANS, SSH
from hone.workspace.open import Workspace, init_workspace
from tests.faults.gates import Gate
from tests.faults.orders import training
from tests.faults.supervisors import killed_at, starts_of, supervised
from tests.targets.machines import Machine

INPUTS: dict[str, Path | str | bytes] = {"train.jsonl": "{}\n"}


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        yield workspace


def asked(ws: Workspace, order: Job) -> str:
    """The job's folder, row and attempt, as a command leaves them that is killed before waking."""
    jobs.submit(ws, order, INPUTS)
    ws.store.attempts.ask(order.id, queue=jobs.asking.queue_of(order), after_seq=0, environment={})
    return order.id


def assert_done_once(ws: Workspace, job: str) -> None:
    status = jobs.show(ws, job)
    assert (status.state, status.attempts) == ("succeeded", 1)
    assert starts_of(ws, job) == 1
    (model,) = ws.store.models.list()
    assert (model.model.job, model.is_active) == (job, True)
    assert ws.store.jobs.unsettled() == [] and ws.store.attempts.open() == []
    attempt = ws.store.attempts.newest(job)
    assert attempt is not None and (attempt.number, attempt.outcome) == (1, "succeeded")
    events = jobs.folder_of(ws, job).events()
    assert [event.seq for event in events] == list(range(1, len(events) + 1))


def test_the_matrix_covers_every_step_that_there_is() -> None:
    assert PLANS == {1: {"local": LOCAL, "ssh": SSH}}


# What was meant and not done, and, after each step, what was done and not recorded.
KILLS = [
    (step.name, pause)
    for step in LOCAL
    for pause in ("before", "after")
    if pause == "after" or step.name in ("start", "register")
]


def test_a_local_job_outlives_a_kill_at_each_step(ws: Workspace, gate: Gate) -> None:
    job = asked(ws, training(fake={"steps": 2}))
    for step, pause in KILLS:
        killed_at(ws, gate, step, pause)
    with supervised(ws):
        assert list(jobs.watch(ws, job))[-1] == "succeeded"
    assert_done_once(ws, job)


def test_a_job_over_ssh_outlives_a_kill_after_each_step(
    ws: Workspace, gate: Gate, there: Machine
) -> None:
    change_setting(ws, "targets.ssh", str(there.options()))
    job = asked(ws, training(fake={"steps": 2}).model_copy(update={"target": "ssh"}))
    for step in SSH:
        killed_at(ws, gate, step.name, "after")
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
    killed_at(ws, gate, "start", "after")
    with supervised(ws, versions=[1, 2]):
        assert list(jobs.watch(ws, older))[-1] == "succeeded"
        newer = jobs.launch(ws, training(fake={"steps": 1}), INPUTS).id
        assert list(jobs.watch(ws, newer))[-1] == "succeeded"
    assert (ws.root / "marks").read_text().split() == [f"{newer}.1"]
