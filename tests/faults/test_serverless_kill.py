"""SIGKILL of the supervisor around every step of a serverless job: one request, one worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hone.stages import jobs
from hone.stages.configure import change_setting
from hone.supervisor.steps import SERVERLESS
from hone.workspace.open import Workspace, init_workspace
from hone.workspace.submission_file import submissions_of
from tests.faults.endpoint_orders import assert_a_lost_answer_begins_nothing_twice, order
from tests.faults.gates import Gate
from tests.faults.supervisors import killed_at, kills_of, starts_of, supervised
from tests.serverless.scene import Serverless, set_environment


@pytest.fixture
def ws(
    tmp_path: Path, emulated: Serverless, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    set_environment(emulated, monkeypatch)
    with init_workspace(tmp_path / "ws") as workspace:
        change_setting(workspace, "targets.runpod-serverless", str(emulated.said))
        yield workspace


def assert_done_once(ws: Workspace, emulated: Serverless, job: str) -> None:
    status = jobs.show(ws, job)
    assert (status.state, status.attempts) == ("succeeded", 1)
    assert starts_of(ws, job) == 1
    assert [model.model.job for model in ws.store.models.list()] == [job]
    attempt = ws.store.attempts.newest(job)
    assert attempt is not None and (attempt.number, attempt.outcome) == (1, "succeeded")
    assert ws.store.attempts.open() == [] and not emulated.place(job).exists()
    events = jobs.folder_of(ws, job).events()
    assert [event.seq for event in events] == list(range(1, len(events) + 1))


def test_a_serverless_job_outlives_a_kill_before_and_after_each_step(
    ws: Workspace, gate: Gate, emulated: Serverless
) -> None:
    before = set(emulated.requests)
    job = order(ws, steps=2)
    for step, pause in kills_of(SERVERLESS):
        killed_at(ws, gate, step, pause)
    with supervised(ws):
        assert list(jobs.watch(ws, job))[-1] == "succeeded"
    assert_done_once(ws, emulated, job)
    (request,) = set(emulated.requests) - before
    (one,) = submissions_of(jobs.folder_of(ws, job)).submissions
    assert (one.id, one.ticket, one.is_open) == (request, f"{job}.1", False)
    entries = ws.store.ledger.entries(job)
    assert [entry.kind for entry in entries] == ["reserved", "spent", "released"]
    # (240 s planned + 60 s to make ready) and a quarter more, at $3.60 an hour.
    assert entries[0].amount_usd == pytest.approx(300 * 1.25 * 3.6 / 3600)
    assert emulated.requests[request].execution_timeout_seconds == pytest.approx(375)
    assert ws.store.ledger.promised(job=job) == 0


def test_a_kill_between_the_request_and_its_answer_makes_no_second_worker(
    ws: Workspace, gate: Gate, emulated: Serverless
) -> None:
    assert_a_lost_answer_begins_nothing_twice(ws, gate, emulated)
