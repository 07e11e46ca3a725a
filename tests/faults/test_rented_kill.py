"""SIGKILL of the supervisor while it rents: one machine per attempt, none left, all accounted."""

from __future__ import annotations

from hone.supervisor.steps import RENTED
from hone.workspace.rental_file import rentals_of
from tests.faults.gates import Gate, wait_until
from tests.faults.rented import assert_rented_once_and_accounted
from tests.faults.supervisors import (
    BEGINS,
    assert_done_once,
    kill,
    killed_at,
    kills_of,
    supervised,
    supervisor,
)
from tests.rentals.scene import LAUNCH, Scene


def test_a_rented_job_outlives_a_kill_before_and_after_each_step(rented: Scene, gate: Gate) -> None:
    job = rented.asked(rented.order(rehearses=True, steps=2))
    for step, pause in kills_of(RENTED):
        killed_at(rented.ws, gate, step, pause)
    with supervised(rented.ws):
        assert rented.watch(job)[-1] == "succeeded"
    assert_done_once(rented.ws, job)
    assert_rented_once_and_accounted(rented, job)
    (trial,) = (rented.folder(job).path / "rehearsals").iterdir()
    assert (trial / "worker.log").read_text().count(BEGINS) == 1


def test_a_rental_begun_before_an_upgrade_is_finished_by_its_older_steps(
    rented: Scene, gate: Gate
) -> None:
    job = rented.asked(rented.order(rehearses=True, steps=1))
    killed_at(rented.ws, gate, "wait", "after", versions=[2])
    with supervised(rented.ws, versions=[1, 2, 3, 4]):
        assert rented.watch(job)[-1] == "succeeded"
    assert_done_once(rented.ws, job)
    assert_rented_once_and_accounted(rented, job)
    # A step that came with a newer version is not slipped in, nor one that is newer still.
    assert not (rented.folder(job).path / "rehearsals").exists()
    assert not (rented.ws.root / "marks").exists()


def test_a_kill_between_the_request_and_its_answer_rents_no_second_machine(
    rented: Scene,
) -> None:
    job = rented.asked(steps=1)
    rented.arm("reply_slow", method="POST", path=LAUNCH[rented.name], seconds=60)
    process = supervisor(rented.ws)
    try:
        wait_until(lambda: len(rented.machines) == 1, "the provider has rented")
        assert rentals_of(rented.folder(job)).rentals[0].id is None
    finally:
        kill(process)
    with supervised(rented.ws):
        assert rented.watch(job)[-1] == "succeeded"
    assert_done_once(rented.ws, job)
    assert_rented_once_and_accounted(rented, job)
