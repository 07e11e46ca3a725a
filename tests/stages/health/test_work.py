"""Keys, waiting jobs and money: each fault is really made, then told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hone.records.ledger import LedgerEntry
from hone.records.rental import Offer, Rental
from hone.stages import jobs
from hone.stages.configure import change_setting
from hone.workspace.clock import now
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from hone.workspace.rental_file import changing
from tests.faults.orders import training
from tests.stages.health.conftest import Look

KEY = "rpa_0123456789abcdefWXYZ"


def test_keys_that_others_can_read_are_a_problem_and_no_key_is_ever_shown(
    ws: Workspace, look: Look
) -> None:
    env = ws.root / ".env"
    env.write_text(f"RUNPOD_API_KEY={KEY}\n")
    env.chmod(0o644)
    (found,) = look()
    assert found.level == "problem" and found.mend == f"chmod 600 {env}" and KEY not in str(found)
    env.chmod(0o600)
    assert look() == []


def test_a_target_without_its_key_is_told(
    ws: Workspace, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LAMBDA_API_KEY", raising=False)
    change_setting(ws, "targets.lambda", "{gpu: [gpu_1x_a10]}")
    (found,) = look()
    assert found.level == "warning" and "LAMBDA_API_KEY=" in found.mend
    monkeypatch.setenv("LAMBDA_API_KEY", KEY)
    assert look() == []


def asked_for(ws: Workspace) -> str:
    """A job that is asked for, as a reboot leaves it: a row, and nobody who carries it out."""
    job = jobs.submit(ws, training(), {})
    ws.store.attempts.ask(job.id, queue="local: cpu", after_seq=0, environment={})
    return job.id


def test_a_job_that_waits_for_nobody_is_a_problem_with_the_supervisors_last_words(
    ws: Workspace, look: Look
) -> None:
    job = asked_for(ws)
    (found,) = look()
    assert found.level == "problem" and job in found.what and "hone jobs list" in found.mend
    place = jobs.place_of(ws)
    place.mkdir(parents=True)
    (place / jobs.IDENTITY).write_text('{"pid": 999999999, "started_at": 1.0, "host": "here"}')
    (place / jobs.LOG).write_text("2026-11-20 10:00:00 at work\nOSError: the disk is gone\n")
    (found,) = look()
    assert "it said last: OSError: the disk is gone" in found.what


def test_an_error_of_the_last_run_is_told_when_nothing_waits(ws: Workspace, look: Look) -> None:
    jobs.place_of(ws).mkdir(parents=True)
    log = jobs.place_of(ws) / jobs.LOG
    log.write_text("2026-11-20 10:00:00 nothing to do any more\n")
    assert look() == []
    log.write_text("Traceback (most recent call last):\nRuntimeError: it broke\n")
    (found,) = look()
    assert found.level == "warning" and "RuntimeError: it broke" in found.what


def test_a_job_that_was_lost_is_told_with_how_to_go_on(ws: Workspace, look: Look) -> None:
    folder = JobFolder(ws.jobs / jobs.submit(ws, training(), {}).id)
    folder.append("attempt", number=1, pid=999999999, host="here")
    (found,) = look()
    assert found.level == "warning" and found.mend == f"hone jobs resume {folder.path.name}"


def rented_for(ws: Workspace) -> JobFolder:
    """A job whose machine is still held by what stands here."""
    job = training().model_copy(update={"target": "runpod"})
    folder = JobFolder(ws.jobs / jobs.submit(ws, job, {}).id)
    offer = Offer(gpu="NVIDIA A40", card="NVIDIA A40", place="SECURE", cards=1,
                  price_per_hour_usd=0.44)  # fmt: skip
    at = now() - timedelta(hours=2)
    with changing(folder) as rentals:
        rentals.rentals.append(
            Rental(name="hone-1234-x-1", target="runpod", offer=offer, most_usd=5.0,
                   intended_at=at, rented_at=at, id="pod1")
        )  # fmt: skip
    return folder


def test_a_machine_that_nobody_uses_any_more_is_a_problem(ws: Workspace, look: Look) -> None:
    folder = rented_for(ws)
    (found,) = look()
    assert found.level == "problem" and "hone-1234-x-1 may still cost $0.44 an hour" in found.what
    assert found.mend.startswith("hone jobs reap")
    jobs.asking.enqueue(ws, folder)  # the supervisor has it in hand
    assert not [one for one in look() if one.part == "money"]


def test_money_promised_to_a_job_that_is_over_is_told(ws: Workspace, look: Look) -> None:
    job = jobs.submit(ws, training(), {})
    promise = LedgerEntry(at=now(), job=job.id, kind="reserved", what="gpu", amount_usd=3.0)
    ws.store.ledger.write(promise)
    assert look() == []  # it waits: the promise is for what comes
    JobFolder(ws.jobs / job.id).append("cancelled", how="never started")
    (found,) = look()
    assert found.level == "warning" and "$3.00 are still promised" in found.what


def test_a_rental_file_that_cannot_be_read_hides_nothing_else(ws: Workspace, look: Look) -> None:
    folder = rented_for(ws)
    (folder.path / "rental.json").write_text("{")
    asked_for(ws)
    found = look()
    assert {one.part for one in found} == {"jobs", "workspace"}
    assert any("rental.json" in one.what for one in found)
