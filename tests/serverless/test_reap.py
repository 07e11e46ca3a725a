"""What runs or lies at an endpoint and belongs to no living job here is found, and ended."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hone.cli.run import run
from hone.stages import jobs
from hone.stages.configure import change_setting
from hone.stages.jobs.reaped import Found
from hone.workspace.job_folder import Ticket
from hone.workspace.open import Workspace, init_workspace
from hone.workspace.submission_file import submissions_of
from tests.faults.gates import Gate, wait_until
from tests.faults.orders import training
from tests.serverless.scene import Serverless

NAME = "runpod-serverless"
PLAN = {"seconds": [1.0, 240.0], "memory_gib": [1.0, 2.0]}


@pytest.fixture
def ws(tmp_path: Path, endpoint: Serverless) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        change_setting(workspace, f"targets.{NAME}", str(endpoint.said))
        yield workspace


def sent(ws: Workspace, **fake: object) -> str:
    """A job that was asked for, and that nobody here carries out any more."""
    job = training(fake=fake, plan=PLAN).model_copy(update={"target": NAME})
    jobs.submit(ws, job, {"train.jsonl": "{}\n"})
    folder, target = jobs.folder_of(ws, job.id), jobs.target_named(ws, NAME)
    assert isinstance(target, jobs.Chosen)
    ticket = Ticket(f"{job.id}.1", 0)
    jobs.reserve_endpoint(ws, folder, ticket.token, target.options)
    target.upload(folder)
    target.begin(folder, ticket)
    return job.id


def found_by(ws: Workspace, *, frees: bool = True, also_used: bool = False) -> list[Found]:
    reaped = jobs.reap(ws, frees=frees, also_used=also_used)
    assert reaped.problems == []
    return reaped.machines


def test_a_request_that_no_living_job_needs_is_ended_and_settled(
    ws: Workspace, endpoint: Serverless, gate: Gate
) -> None:
    job = sent(ws, waits_for_stop=True, ignores_stop=True, gate=str(gate.path))
    gate.wait("training")
    (listed,) = found_by(ws, frees=False)
    (one,) = submissions_of(jobs.folder_of(ws, job)).submissions
    assert (listed.name, listed.id, listed.use) == (f"{job}.1", one.id, "nobody's")
    assert not endpoint.requests[str(one.id)].is_final and listed.price_per_hour_usd == 3.6
    (freed,) = found_by(ws)
    assert freed.is_freed and endpoint.requests[str(one.id)].status == "CANCELLED"
    assert ws.store.ledger.promised(job=job) == 0 and ws.store.ledger.total(job=job) > 0
    # What it left can be resumed from: said, and cleared only where that is wanted.
    (kept,) = found_by(ws)
    assert (kept.job, kept.use, kept.is_freed) == (job, "kept", False)
    assert "files on the volume" in kept.said and endpoint.place(job).exists()
    (cleared,) = found_by(ws, also_used=True)
    assert cleared.is_freed and not endpoint.place(job).exists()
    assert found_by(ws) == []


def test_a_request_whose_job_is_gone_here_is_found_by_its_ticket(
    ws: Workspace, endpoint: Serverless, gate: Gate, tmp_path: Path
) -> None:
    job = sent(ws, waits_for_stop=True, ignores_stop=True, gate=str(gate.path))
    gate.wait("training")
    (one,) = submissions_of(jobs.folder_of(ws, job)).submissions
    shutil.rmtree(ws.jobs / job)
    # Another workspace at the same endpoint: it is none of its business.
    with init_workspace(tmp_path / "other") as other:
        change_setting(other, f"targets.{NAME}", str(endpoint.said))
        assert found_by(other, also_used=True) == []
    assert not endpoint.requests[str(one.id)].is_final
    request, files = found_by(ws)
    assert (request.id, request.use, request.is_freed) == (one.id, "nobody's", True)
    assert (files.job, files.use, files.is_freed) == (job, "nobody's", True)
    assert endpoint.requests[str(one.id)].status == "CANCELLED"
    worker = endpoint.jobs.endpoints[endpoint.endpoint].jobs[str(one.id)]
    wait_until(lambda: worker.is_final, "its worker is down")


def test_without_keys_a_request_that_may_run_is_said(
    ws: Workspace,
    endpoint: Serverless,
    gate: Gate,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    job = sent(ws, waits_for_stop=True, gate=str(gate.path))
    gate.wait("training")
    key = "RUNPOD_API_KEY"
    with monkeypatch.context() as without:
        without.delenv(key)
        without.chdir(ws.root)
        assert run(["jobs", "reap"]) == 1
    said = capsys.readouterr().out
    assert f"{key} is not set" in said and f"{job} may run there" in said
    assert [one.is_freed for one in found_by(ws)] == [True]
