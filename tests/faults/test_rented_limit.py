"""A budget is held by the supervisor alone, on a clock that runs sixty times as fast."""

from __future__ import annotations

import pytest

from emulators.clock import Clock
from hone.stages import jobs
from hone.workspace.open import Workspace
from hone.workspace.rental_file import rentals_of
from tests.faults.gates import Gate
from tests.faults.supervisors import supervised
from tests.rentals.scene import scene

MINUTE = 60.0  # of the emulated clock: one second here


@pytest.mark.parametrize(
    ("name", "gpu"), [("lambda", "gpu_1x_a100_sxm4"), ("runpod", "AMD Instinct MI300X OAM")]
)
def test_a_dollar_on_a_machine_of_two_an_hour_lasts_half_an_hour_with_nobody_looking(
    ws: Workspace, gate: Gate, monkeypatch: pytest.MonkeyPatch, name: str, gpu: str
) -> None:
    with scene(name, ws, monkeypatch, clock=Clock(MINUTE)) as rented:
        rented.set(gpu=[gpu])
        fake = {"waits_for_stop": True, "gate": str(gate.path), "steps": 9}
        job = rented.asked(rented.order(budget=1.0, **fake))
        with supervised(ws):
            gate.wait("training")
            assert rented.watch(job)[-1] == "cancelled"  # which only reads what is here
        (rental,) = rentals_of(rented.folder(job)).rentals
        assert rental.rate == 1.99 and rental.why == "the limit of $1.00 was reached"
        assert rental.given_back_at is not None and rental.rented_at is not None
        held = (rental.given_back_at - rental.rented_at).total_seconds() / MINUTE
        # Asked three minutes before the end; each second that this machine is late is a minute.
        assert 26 < held < 34
        assert rented.alive == [] and 0.85 < ws.store.ledger.total() < 1.15
        weights = rented.folder(job).checkpoints / "checkpoint-1" / "weights"
        assert weights.read_text() == "1"
        status = jobs.show(ws, job)
        assert status.error == "It was stopped: the limit of $1.00 was reached."
        assert status.hint == f"hone jobs resume {job}" and ws.store.ledger.promised() == 0
