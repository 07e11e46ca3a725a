"""What is rented and what it cost: found by its name, freed when nobody's, equal to the bill."""

from __future__ import annotations

import json
import shutil
import time

import pytest

from hone.cli.run import run
from hone.stages import jobs
from hone.stages.jobs.rented import reconcile, reserve, settle
from hone.stages.spend import spending
from hone.targets._rental_choice import candidates
from hone.targets._rental_life import give_back, record_intent, rent
from hone.workspace.job_folder import JobFolder, Seen
from hone.workspace.rental_file import rentals_of
from tests.rentals.scene import Scene


def rented_for_a_job(scene: Scene) -> JobFolder:
    """A machine that was rented, and then the renting process was killed."""
    with scene.account() as renter:
        folder = scene.submitted()
        record_intent(renter, folder, candidates(renter)[0])
        rent(renter, folder)
    return folder


def reaped(scene: Scene, **how: bool) -> list[tuple[str, bool]]:
    found = jobs.reap(scene.ws, targets=[scene.target], **how)
    assert found.problems == []
    return [(one.use, one.is_freed) for one in found.machines]


def test_what_nobody_owns_is_given_back_and_listing_gives_nothing_back(rented: Scene) -> None:
    folder = rented_for_a_job(rented)
    assert reaped(rented, frees=False) == [("nobody's", False)]
    assert len(rented.alive) == 1
    assert reaped(rented) == [("nobody's", True)]
    assert rented.alive == [] and rentals_of(folder).current is None
    assert reaped(rented) == []
    assert rented.ws.store.ledger.total() == pytest.approx(
        rentals_of(folder).rentals[0].cost_usd, abs=1e-6
    )


def test_a_machine_is_found_by_its_name_when_its_job_s_folder_is_gone(rented: Scene) -> None:
    folder = rented_for_a_job(rented)
    shutil.rmtree(folder.path)
    (found,) = jobs.reap(rented.ws, frees=False, targets=[rented.target]).machines
    assert found.job is None and folder.path.name in found.name
    assert reaped(rented) == [("nobody's", True)] and rented.alive == []


def test_machines_of_others_and_of_other_workspaces_are_left_alone(at_runpod: Scene) -> None:
    with at_runpod.account() as renter:
        offer = candidates(renter)[0]
        for name in ("somebody-s", "hone-00000000-train-20261120-1", "hone-"):
            renter.cloud.rent(name, offer, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA x")
    assert reaped(at_runpod) == [] and len(at_runpod.alive) == 3


def test_what_a_job_runs_on_is_freed_only_when_all_is_asked_for(rented: Scene) -> None:
    folder = rented_for_a_job(rented)
    folder.write_seen(Seen(time.time(), "there", True))
    assert reaped(rented) == [("in use", False)] and len(rented.alive) == 1
    assert reaped(rented, also_used=True) == [("in use", True)]
    assert rented.alive == [] and not folder.is_alive()


def test_what_the_supervisor_has_in_hand_is_left_alone(at_runpod: Scene) -> None:
    folder = rented_for_a_job(at_runpod)
    attempt = jobs.asking.enqueue(at_runpod.ws, folder)
    assert reaped(at_runpod) == [("in hand", False)] and len(at_runpod.alive) == 1
    at_runpod.ws.store.attempts.end(attempt.seq, "killed")
    assert reaped(at_runpod) == [("nobody's", True)]


def test_without_a_key_it_is_said_what_may_be_on(
    at_runpod: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = rented_for_a_job(at_runpod)
    monkeypatch.delenv("RUNPOD_API_KEY")
    found = jobs.reap(at_runpod.ws, targets=[at_runpod.target])
    assert found.machines == [] and folder.path.name in found.problems[0]


def test_the_ledger_equals_the_provider_s_bill_once_it_is_asked_for(at_runpod: Scene) -> None:
    ws, ledger = at_runpod.ws, at_runpod.ws.store.ledger
    folder = at_runpod.folder(jobs.submit(ws, at_runpod.order(), {}).id)
    with at_runpod.account() as renter:
        reserve(ws, folder, renter)
        promised = ledger.promised()
        record_intent(renter, folder, candidates(renter)[0])
        id = str(rent(renter, folder).id)
        for _ in range(10):
            renter.clock.sleep(60.0)
            renter.cloud.look(id)
        give_back(renter, folder)
        settle(ws, folder, renter.clock)
        settle(ws, folder, renter.clock)  # again: nothing
        measured = ledger.total()
        assert measured >= at_runpod.billed > 0 and ledger.promised() == 0
        assert reconcile(ws, folder, renter) == 0  # too early: the bill may still grow
        at_runpod.emulator.clock.advance(7200)
        difference = reconcile(ws, folder, renter)
        assert reconcile(ws, folder, renter) == 0
    assert difference < 0 and ledger.total() == pytest.approx(at_runpod.billed, abs=2e-6)
    assert ledger.promised() == 0 and promised > measured
    (rental,) = rentals_of(folder).rentals
    assert rental.cost_of == "billed"


def test_spending_by_month_job_and_target(
    at_runpod: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = rented_for_a_job(at_runpod)
    at_runpod.emulator.clock.advance(3600)
    assert reaped(at_runpod) == [("nobody's", True)]
    spent = at_runpod.ws.store.ledger.total()
    assert 0.48 < spent < 0.52  # an hour of an A40
    for by, what in (("month", "2026-11"), ("job", folder.path.name), ("target", "runpod")):
        (line,) = spending(at_runpod.ws, by=by).sums
        assert (line.what, line.spent_usd) == (what, pytest.approx(spent))
    words = ["spend", "-w", str(at_runpod.ws.root)]
    assert run([*words, "--by", "job", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sums"][0]["what"] == folder.path.name
    assert run(words) == 0
    assert f"{spent:.4f}" in capsys.readouterr().out
    assert run([*words, "--by", "moon"]) == 1
    assert "--by month, job or target" in capsys.readouterr().err
    assert run([*words, "--month", "2025-01"]) == 0
