"""A job on a rented machine from its price to the machine's end, at every provider that rents."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from hone import settings
from hone.stages import jobs
from hone.stages.train.register import collect_trained
from hone.workspace.rental_file import rentals_of
from tests.rentals.scene import CANARY, Scene


def holding(scene: Scene, secret: str) -> list[Path]:
    """Files of the workspace, of the person's settings and of the machines that hold it."""
    places = [scene.ws.root.parent, scene.files]
    return [
        path
        for place in places
        for path in place.rglob("*")
        if path.is_file() and secret.encode() in path.read_bytes()
    ]


def processes_with(secret: str) -> list[str]:
    """Processes that have it on their command line, beside the one that runs this test."""
    found: list[str] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and secret in " ".join(process.cmdline()):
                found.append(process.name())
    return found


def test_a_job_runs_on_a_rented_machine_which_is_given_back_and_accounted(rented: Scene) -> None:
    ws = rented.ws
    job = rented.launch(steps=3)
    (rental,) = rentals_of(rented.folder(job)).rentals
    assert rental.usable_at is not None and rental.is_open
    assert ws.store.ledger.promised(job=job) > 0
    assert rental.name.startswith("hone-") and holding(rented, rental.name)  # the search finds
    assert holding(rented, CANARY) == [] == processes_with(CANARY)
    assert rented.watch(job)[-1] == "succeeded"
    (machine,) = rented.machines
    assert rented.alive == [] and machine["name"] == rental.name and job in rental.name
    assert ws.store.ledger.promised() == 0.0
    (rental,) = rentals_of(rented.folder(job)).rentals
    assert rental.cost_usd is not None and rental.cost_usd >= machine["cost_usd"] - 0.03
    assert ws.store.ledger.total(job=job) == pytest.approx(rental.cost_usd, abs=1e-6)
    (model,) = collect_trained(ws).models
    assert model.target == rented.name and model.cost_usd == pytest.approx(rental.cost_usd)
    status = jobs.show(ws, job)
    assert holding(rented, CANARY) == [] and holding(rented, "emulated-secret-") == []
    assert (Path(settings.user_config_folder()) / "rentals_ed25519").stat().st_mode & 0o077 == 0
    assert status.state == "succeeded" and status.rented == "" and status.cost_usd > 0
