"""Supervisors that a test starts, waits for and kills."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hone.stages import jobs
from hone.supervisor.case import Step
from hone.workspace.open import Workspace
from tests.faults.begun import Begun, begin
from tests.faults.gates import DEADLINE_SECONDS, Gate, wait_until

BEGINS = "the fake worker begins"


def supervisor(ws: Workspace, **order: Any) -> Begun:
    """A supervisor of the workspace; its jobs are carried out by the fake worker."""
    return begin("tests.faults.supervised", str(ws.root), json.dumps(order))


@contextmanager
def supervised(ws: Workspace, **order: Any) -> Iterator[Begun]:
    """The same, at work until the block ends; nothing that it wrote may be a mistake of ours."""
    process = supervisor(ws, **order)
    try:
        wait_until(lambda: is_at_work(ws, process), "it is at work")
        yield process
    finally:
        said = kill(process)
    assert "Traceback" not in said, said


def is_at_work(ws: Workspace, process: Begun) -> bool:
    """Whether this very supervisor is the one that everything else sees."""
    assert process.poll() is None, process.written(DEADLINE_SECONDS)
    found = jobs.supervisor_of(ws)
    return found is not None and found.pid == process.pid


def kill(process: Begun) -> str:
    """SIGKILL, and what it had written."""
    process.kill()
    return process.written(DEADLINE_SECONDS)


def killed_at(ws: Workspace, gate: Gate, step: str, pause: str, **order: Any) -> None:
    """A supervisor that goes on until just before or after a step, and is killed there."""
    process = supervisor(ws, gate=str(gate.path), step=step, pause=pause, **order)
    try:
        gate.wait(step)
    finally:
        said = kill(process)
    assert "Traceback" not in said, said


def kills_of(steps: Sequence[Step]) -> list[tuple[str, str]]:
    """What was meant and not done, and, after each step, what was done and not recorded."""
    return [(step.name, pause) for step in steps for pause in ("before", "after")]


def starts_of(ws: Workspace, job: str) -> int:
    """How often a worker was started for a job."""
    log = (ws.jobs / job / "worker.log").read_text()
    return log.count(BEGINS)


def assert_done_once(ws: Workspace, job: str) -> None:
    """One worker, one model, one attempt: whatever was killed, nothing was done twice or lost."""
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
