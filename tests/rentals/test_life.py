"""A job on a rented machine from its price to the machine's end, at every provider that rents."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from hone import settings
from hone.cli.told import describe
from hone.stages import jobs
from hone.workspace.rental_file import rentals_of
from tests.faults.gates import Gate
from tests.faults.read_elsewhere import contents
from tests.rentals.scene import CANARY, Scene


def holding(scene: Scene, secret: str) -> list[Path]:
    """Files of the workspace, of the person's settings and of the machines that hold it."""
    places = [scene.ws.root.parent, scene.files]
    return [
        path for place in places for path, content in contents(place) if secret.encode() in content
    ]


def processes_with(secret: str) -> list[str]:
    """Processes that have it on their command line, beside the one that runs this test."""
    found: list[str] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and secret in " ".join(process.cmdline()):
                found.append(process.name())
    return found


def test_a_job_runs_on_a_rented_machine_which_is_given_back_and_accounted(
    rented: Scene, gate: Gate, tmp_path: Path
) -> None:
    ws = rented.ws
    go = tmp_path / "go"
    fake = {"waits_to_claim": str(go), "gate": str(gate.path), "steps": 3}
    job = rented.asked(**fake)
    with rented.carried(job):
        gate.wait("unclaimed")
        (rental,) = rentals_of(rented.folder(job)).rentals
        assert rental.usable_at is not None and rental.is_open
        assert ws.store.ledger.promised(job=job) > 0
        assert rental.name.startswith("hone-") and holding(rented, rental.name)  # the search finds
        assert holding(rented, CANARY) == [] == processes_with(CANARY)
        go.touch()
        assert rented.watch(job)[-1] == "succeeded"
    (machine,) = rented.machines
    assert rented.alive == [] and machine["name"] == rental.name and job in rental.name
    assert ws.store.ledger.promised() == 0.0
    (rental,) = rentals_of(rented.folder(job)).rentals
    assert rental.cost_usd is not None and rental.cost_usd >= machine["cost_usd"] - 0.03
    assert ws.store.ledger.total(job=job) == pytest.approx(rental.cost_usd, abs=1e-6)
    (model,) = [one.model for one in ws.store.models.list()]  # nobody had to ask
    assert model.target == rented.name and model.cost_usd == pytest.approx(rental.cost_usd)
    told = [text for event in rented.folder(job).events() if (text := describe(event))]
    assert told[0].startswith(f"Renting {rental.offer.text} at $") and "is usable" in told[1]
    assert told[-1].startswith(f"Gave {rental.offer.text} back: $")
    status = jobs.show(ws, job)
    assert holding(rented, CANARY) == [] and holding(rented, "emulated-secret-") == []
    assert (Path(settings.user_config_folder()) / "rentals_ed25519").stat().st_mode & 0o077 == 0
    assert status.state == "succeeded" and status.rented == "" and status.cost_usd > 0
