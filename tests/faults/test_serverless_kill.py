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
from tests.faults.gates import Gate
from tests.faults.orders import asked, training
from tests.faults.supervisors import killed_at, kills_of, starts_of, supervised
from tests.serverless.scene import Serverless, serverless, set_environment


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serverless]:
    with serverless(tmp_path_factory.mktemp("endpoint")) as found:
        yield found


@pytest.fixture
def ws(
    tmp_path: Path, endpoint: Serverless, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    set_environment(endpoint, monkeypatch)
    with init_workspace(tmp_path / "ws") as workspace:
        change_setting(workspace, "targets.runpod-serverless", str(endpoint.said))
        yield workspace


def order(ws: Workspace, **fake: object) -> str:
    plan = {"seconds": [1.0, 240.0], "memory_gib": [1.0, 2.0]}
    job = training(fake=fake, plan=plan).model_copy(update={"target": "runpod-serverless"})
    return asked(ws, job)


def assert_done_once(ws: Workspace, endpoint: Serverless, job: str) -> None:
    status = jobs.show(ws, job)
    assert (status.state, status.attempts) == ("succeeded", 1)
    assert starts_of(ws, job) == 1
    assert [model.model.job for model in ws.store.models.list()] == [job]
    attempt = ws.store.attempts.newest(job)
    assert attempt is not None and (attempt.number, attempt.outcome) == (1, "succeeded")
    assert ws.store.attempts.open() == [] and not endpoint.place(job).exists()
    events = jobs.folder_of(ws, job).events()
    assert [event.seq for event in events] == list(range(1, len(events) + 1))


def test_a_serverless_job_outlives_a_kill_before_and_after_each_step(
    ws: Workspace, gate: Gate, endpoint: Serverless
) -> None:
    before = set(endpoint.requests)
    job = order(ws, steps=2)
    for step, pause in kills_of(SERVERLESS):
        killed_at(ws, gate, step, pause)
    with supervised(ws):
        assert list(jobs.watch(ws, job))[-1] == "succeeded"
    assert_done_once(ws, endpoint, job)
    (request,) = set(endpoint.requests) - before
    (one,) = submissions_of(jobs.folder_of(ws, job)).submissions
    assert (one.id, one.ticket, one.is_open) == (request, f"{job}.1", False)
    entries = ws.store.ledger.entries(job)
    assert [entry.kind for entry in entries] == ["reserved", "spent", "released"]
    # (240 s planned + 60 s to make ready) and a quarter more, at $3.60 an hour.
    assert entries[0].amount_usd == pytest.approx(300 * 1.25 * 3.6 / 3600)
    assert endpoint.requests[request].execution_timeout_seconds == pytest.approx(375)
    assert ws.store.ledger.promised(job=job) == 0


def test_a_kill_between_the_request_and_its_answer_makes_no_second_worker(
    ws: Workspace, gate: Gate, endpoint: Serverless
) -> None:
    before = set(endpoint.requests)
    job = order(ws, waits_for_stop=True, gate=str(gate.path))
    killed_at(ws, gate, "submit", "after")
    # As a kill leaves it that comes after the request went out, and before its answer came.
    folder = jobs.folder_of(ws, job)
    path = folder.path / "serverless.json"
    (sent,) = set(endpoint.requests) - before
    path.write_text(path.read_text().replace(f'"{sent}"', "null"))
    with supervised(ws):
        gate.wait("training")
        jobs.ask_to_stop(ws, job)
        assert list(jobs.watch(ws, job))[-1] == "cancelled"
    assert starts_of(ws, job) == 1
    assert jobs.show(ws, job).attempts == 1
    again = set(endpoint.requests) - before - {sent}
    assert len(again) <= 1  # a second one is taken back, or does nothing
