"""A rental that cannot go on: given back meanwhile, gone, dearer than what was set aside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import asyncssh
import psutil
import pytest

from hone.errors import Conflict, GateRefused, HoneError
from hone.stages import jobs
from hone.stages.jobs.rented import reserve, reserved_offers
from hone.targets import _rented
from hone.targets._rental_choice import candidates
from hone.targets._rental_life import BadMachine, give_back, record_intent, rent, wait_usable
from hone.targets._rented_key import key_pair
from hone.targets._rest import NoCapacity
from hone.workspace.rental_file import changing, rentals_of
from tests.faults.gates import Gate
from tests.rentals.scene import GPUS, Scene, WaitingClock


def test_what_was_given_back_meanwhile_is_not_waited_for_nor_used(at_runpod: Scene) -> None:
    with at_runpod.account() as renter:
        folder = at_runpod.submitted()
        record_intent(renter, folder, candidates(renter)[0])
        rent(renter, folder)
        give_back(renter, folder)
        ways: list[Callable[[], object]] = [
            lambda: wait_usable(renter, folder),
            lambda: _rented.upload(renter, folder, lambda: True),
        ]
        for way in ways:
            with pytest.raises(Conflict, match="The machine was given back meanwhile") as told:
                way()
            assert told.value.hint == "hone jobs list"
    assert at_runpod.alive == []


def test_a_usable_machine_that_is_gone_since_is_no_longer_taken(at_runpod: Scene) -> None:
    with at_runpod.account() as renter:
        folder = at_runpod.submitted()
        record_intent(renter, folder, candidates(renter)[0])
        rent(renter, folder)
        rental = wait_usable(renter, folder)
        assert wait_usable(renter, folder) == rental
        renter.cloud.end(str(rental.id))  # the provider, or somebody in its console
        with pytest.raises(BadMachine) as told:
            wait_usable(renter, folder)
        assert told.value.message == f"{rental.offer.text} is gone."
        assert told.value.hint == f"hone jobs resume {folder.path.name}"
        give_back(renter, folder)


def test_nothing_is_rented_where_nothing_is_left_of_what_was_set_aside(at_runpod: Scene) -> None:
    folder = at_runpod.submitted()
    with changing(folder) as rentals:
        rentals.reserved_usd = 0.0
    with at_runpod.account() as renter, pytest.raises(GateRefused) as told:
        record_intent(renter, folder, candidates(renter)[0])
    assert told.value.message.startswith("Nothing is left of the $0.00 that are reserved for ")
    assert told.value.hint.startswith("hone config set budget.per_job_usd N")
    assert rentals_of(folder).rentals == []


def test_only_what_was_set_aside_for_is_offered(at_runpod: Scene) -> None:
    cheap, dear = GPUS["runpod"]
    at_runpod.set(gpu=[cheap])
    folder = at_runpod.folder(jobs.submit(at_runpod.ws, at_runpod.order(), {}).id)
    with at_runpod.account() as renter:
        reserve(at_runpod.ws, folder, renter)
        assert reserved_offers(folder, renter)
    at_runpod.set(gpu=[dear])
    with at_runpod.account() as renter, pytest.raises(NoCapacity) as told:
        reserved_offers(folder, renter)
    assert told.value.message.startswith("Only dearer machines than $")
    assert told.value.hint.endswith(f"then hone jobs resume {folder.path.name}")


def test_a_key_that_needs_a_passphrase_rents_nothing(tmp_path: Path) -> None:
    path = tmp_path / "key"
    key = asyncssh.generate_private_key("ssh-ed25519")
    path.write_bytes(key.export_private_key("pkcs8-pem", passphrase="secret"))
    with pytest.raises(HoneError) as told:
        key_pair(str(path))
    assert told.value.message.startswith(f"The key {path} cannot be used for rented machines")
    assert "leave `key` out" in told.value.hint


class Stopping(WaitingClock):
    """Somebody stops the job while it waits."""

    stop: Callable[[], object] | None = None

    def sleep(self, seconds: float) -> None:
        if self.stop is not None:
            self.stop()
            self.stop = None
        super().sleep(seconds)


def test_a_job_that_is_stopped_while_it_waits_for_a_machine_waits_no_more(
    at_runpod: Scene,
) -> None:
    at_runpod.arm("no_capacity", times=-1)
    at_runpod.clock = clock = Stopping(at_runpod.emulator.clock)
    job = at_runpod.asked(steps=1)
    clock.stop = lambda: jobs.ask_to_stop(at_runpod.ws, job)
    at_runpod.carry(job)
    assert jobs.show(at_runpod.ws, job).state == "cancelled"
    assert at_runpod.machines == [] and at_runpod.ws.store.ledger.promised() == 0


def test_a_rehearsal_that_fails_says_what_its_worker_said(at_runpod: Scene) -> None:
    job = at_runpod.asked(at_runpod.order(rehearses=True, fails=True))
    at_runpod.carry(job)
    status = jobs.show(at_runpod.ws, job)
    assert status.error.endswith(" failed: it broke.") and status.hint.endswith(" mend it")
    assert at_runpod.alive == []


def test_a_rehearsal_whose_worker_is_killed_says_how_it_was_lost(
    at_runpod: Scene, gate: Gate
) -> None:
    waits = {"pause_at": "after claim", "gate": str(gate.path)}
    job = at_runpod.asked(at_runpod.order(rehearses=True, **waits))
    with at_runpod.carried(job):
        gate.wait("after claim")
        there = str(at_runpod.ws.root.parent / "hone-there")
        for process in psutil.process_iter(["cmdline"]):
            words = process.info["cmdline"] or []
            if any("fake_worker" in one for one in words) and words[-1].startswith(there):
                process.kill()
    status = jobs.show(at_runpod.ws, job)
    assert status.error.startswith("The rehearsal on ") and "killed" in status.error
    assert status.hint.endswith(".log says more.") and at_runpod.alive == []
