"""A workspace that rents from an emulated provider by a supervisor in a process of its own."""

from __future__ import annotations

from typing import Any

from hone.stages import jobs
from hone.workspace.rental_file import rentals_of
from tests.rentals.scene import Scene

MINUTE_SECONDS, BILLED_SECONDS = 60.0, 7200.0
ROUNDED_USD = 2e-6  # the ledger counts in millionths


def assert_rented_once_and_accounted(rented: Scene, job: str) -> None:
    """One machine by the emulator's own inventory, none left, and the ledger equals its bill."""
    (machine,) = machines_of(rented, job)
    (rental,) = rentals_of(rented.folder(job)).rentals
    assert rented.alive == [] and not rental.is_open
    assert (machine["id"], machine["name"]) == (rental.id, rental.name)
    assert rented.ws.store.ledger.promised() == 0
    rented.emulator.clock.advance(BILLED_SECONDS)  # until then a bill may still grow
    found = jobs.reap(rented.ws, targets=[rented.target])
    assert found.machines == [] and found.problems == []
    least, spent, most = accounted(rented, job)
    assert least <= spent <= most


def machines_of(rented: Scene, job: str) -> list[dict[str, Any]]:
    """Every machine that was ever rented for a job, by the emulator's own bill."""
    return [one for one in rented.machines if job in one["name"]]


def accounted(rented: Scene, job: str) -> tuple[float, float, float]:
    """What the ledger must say at least, what it says, and what it must say at most, in dollars."""
    billed = sum(one["cost_usd"] for one in machines_of(rented, job))
    spent = rented.ws.store.ledger.total(job=job)
    if rented.name == "runpod":
        return billed - ROUNDED_USD, spent, billed + ROUNDED_USD
    # Lambda tells no bill: measured from the request on, which it bills from `active` on, in
    # whole minutes.
    boot = rented.emulator.cloud.timing.active
    rate = sum(one.rate for one in rentals_of(rented.folder(job)).rentals)
    minute = rate * MINUTE_SECONDS / 3600
    return billed - minute, spent, billed + minute + rate * 2 * boot / 3600
