"""A job on a rented machine while it runs: bad machines, machines that die, limits, stops."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest

from hone.records.job import Event
from hone.stages import jobs
from hone.stages.jobs.rented import RentedTarget
from hone.targets._rental_choice import candidates
from hone.targets._rental_life import BadMachine, acquire, give_back
from hone.workspace.job_folder import JobFolder
from hone.workspace.rental_file import rentals_of
from tests.faults.gates import Gate
from tests.rentals.scene import GPUS, Scene

STEP_SECONDS = 20.0


def begins(scene: Scene, job: str) -> list[int]:
    events = scene.folder(job).events()
    return [(e.model_extra or {})["begins_at"] for e in events if e.type == "stage"]


def told(scene: Scene, job: str) -> str:
    return " ".join(str((e.model_extra or {}).get("text")) for e in scene.folder(job).events())


# Until it is usable


def test_where_a_type_is_not_free_the_next_of_the_user_s_order_is_rented(rented: Scene) -> None:
    first, second = GPUS[rented.name]
    rented.arm("no_capacity", gpu=first, times=-1)
    with rented.account() as renter:
        folder = rented.submitted()
        rental = acquire(renter, folder, candidates(renter))
        assert rental.offer.gpu == second and rental.usable_at is not None
        assert len(rented.machines) == 1
        give_back(renter, folder)
    assert rented.alive == []


@pytest.mark.parametrize(
    ("name", "fault", "words"),
    [
        ("lambda", "unhealthy", "is unhealthy"),
        ("lambda", "gpu_dead", "shows 0 cards of 1"),
        ("runpod", "gpu_dead", "shows 0 cards of 1"),
        ("runpod", "never_ssh", "was not usable within 300 seconds"),
    ],
)
def test_a_bad_machine_is_given_back_and_another_one_rented(
    request: pytest.FixtureRequest, name: str, fault: str, words: str
) -> None:
    scene: Scene = request.getfixturevalue(f"at_{name}")
    scene.set(boot_seconds=300.0)
    scene.arm(fault)
    with scene.account() as renter:
        folder = scene.submitted()
        rental = acquire(renter, folder, candidates(renter))
        assert len(scene.machines) == 2 and scene.alive == [rental.id]
        assert words in told(scene, folder.path.name)
        assert words in rentals_of(folder).rentals[0].why
        give_back(renter, folder)
    assert scene.alive == []


def test_after_so_many_bad_machines_it_is_left_and_nothing_is_on(at_runpod: Scene) -> None:
    at_runpod.set(boot_seconds=60.0, tries=2)
    at_runpod.arm("never_ssh", times=-1)
    job = at_runpod.order()
    with pytest.raises(BadMachine, match="not usable within 60 seconds"):
        at_runpod.launch(job)
    assert len(at_runpod.machines) == 2 and at_runpod.alive == []
    ledger = at_runpod.ws.store.ledger
    assert ledger.promised() == 0 and ledger.total() == pytest.approx(at_runpod.billed, abs=0.01)
    assert jobs.show(at_runpod.ws, job.id).state == "failed"


# While it runs


@pytest.mark.parametrize("name", ["lambda", "runpod"])
def test_a_host_that_dies_is_given_back_and_the_job_goes_on_elsewhere(
    request: pytest.FixtureRequest, name: str, gate: Gate
) -> None:
    scene: Scene = request.getfixturevalue(f"at_{name}")
    scene.set(lost_seconds=120.0, folder="~/.hone")  # its disk dies with it
    job = scene.launch(pause_at="after checkpoint", gate=str(gate.path), steps=3)
    gate.wait("after checkpoint")
    seen: list[Any] = []
    for one in jobs.watch(scene.ws, job, target=scene.target):
        seen.append(one)
        if isinstance(one, Event) and one.type == "progress":
            scene.arm("host_dies")  # and the provider shows it as before
        if isinstance(one, Event) and "cannot be reached" in str(one.model_extra or {}):
            scene.emulator.clock.advance(130.0)
    assert seen[-1] == "lost" and scene.alive == []
    status = jobs.show(scene.ws, job)
    assert "was silent for" in status.error and status.hint == f"hone jobs resume {job}"
    jobs.resume(scene.ws, job, target=scene.target)
    gate.wait("after checkpoint")
    assert begins(scene, job) == [0, 1] and len(scene.machines) == 2
    jobs.stop(scene.ws, job, deadline_seconds=0.0, target=scene.target)
    assert scene.alive == [] and scene.ws.store.ledger.promised() == 0
    assert jobs.show(scene.ws, job).state == "cancelled"


def test_what_the_provider_says_of_a_silent_machine_counts_at_once(
    at_lambda: Scene, gate: Gate
) -> None:
    job = at_lambda.launch(pause_at="after checkpoint", gate=str(gate.path), steps=3)
    gate.wait("after checkpoint")
    at_lambda.arm("preempted")
    assert at_lambda.watch(job)[-1] == "lost"
    assert "says that its machine is" in jobs.show(at_lambda.ws, job).error
    assert at_lambda.alive == []


class Passing(RentedTarget):
    """Emulated time passes with every look, until the worker is asked to stop."""

    @contextmanager
    def follow(self, folder: JobFolder) -> Generator[Callable[[], None]]:
        with super().follow(folder) as pull:

            def look() -> None:
                if not folder.is_stop_requested or folder.job.spec["fake"].get("ignores_stop"):
                    with self.renter() as renter:
                        renter.clock.sleep(STEP_SECONDS)
                pull()

            yield look


@pytest.mark.parametrize(
    ("name", "gpu", "obeys"),
    [("lambda", "gpu_2x_h100_sxm5", True), ("runpod", "NVIDIA B200", False)],
)
def test_a_budget_of_a_dollar_is_held_to_and_the_checkpoint_is_here(
    request: pytest.FixtureRequest, name: str, gpu: str, obeys: bool, gate: Gate
) -> None:
    scene: Scene = request.getfixturevalue(f"at_{name}")
    scene.set(gpu=[gpu], prepare_seconds=30.0)
    fake = {"waits_for_stop": True, "ignores_stop": not obeys, "gate": str(gate.path), "steps": 9}
    job = scene.launch(scene.order(seconds=60.0, budget=1.0, **fake))
    gate.wait("training")
    rental = rentals_of(scene.folder(job)).current
    assert rental is not None and rental.rented_at is not None
    limit = 1.0 / rental.rate * 3600
    assert rental.limit_seconds == pytest.approx(limit)
    assert list(jobs.watch(scene.ws, job, target=Passing(*scene.target)))[-1] == "cancelled"
    assert scene.alive == []
    (last,) = rentals_of(scene.folder(job)).rentals
    assert last.given_back_at is not None and last.why == "the limit of $1.00 was reached"
    held = (last.given_back_at - rental.rented_at).total_seconds()
    # Asked a tenth of the time before; one that does not obey is ended at the limit.
    assert 0.9 * limit - STEP_SECONDS < held < limit + (0 if obeys else 2 * STEP_SECONDS)
    assert (scene.folder(job).checkpoints / "checkpoint-1" / "weights").read_text() == "1"
    status = jobs.show(scene.ws, job)
    assert status.error == "It was stopped: the limit of $1.00 was reached."
    assert scene.ws.store.ledger.promised() == 0
    assert scene.ws.store.ledger.total() <= (1.0 if obeys else 1.1)


def test_stopping_a_job_gives_its_machine_back(at_runpod: Scene, gate: Gate) -> None:
    job = at_runpod.launch(waits_for_stop=True, gate=str(gate.path), steps=2)
    gate.wait("training")
    assert jobs.show(at_runpod.ws, job).rented.startswith("NVIDIA A40 in SECURE, $0.49")
    assert jobs.stop(at_runpod.ws, job, target=at_runpod.target) == "stopped"
    assert at_runpod.alive == [] and at_runpod.ws.store.ledger.promised() == 0
    assert (at_runpod.folder(job).checkpoints / "checkpoint-1").is_dir()


def test_a_worker_that_cannot_start_costs_no_more_than_its_start(at_runpod: Scene) -> None:
    job = at_runpod.launch(fails=True)
    assert at_runpod.watch(job)[-1] == "failed"
    assert at_runpod.alive == [] and at_runpod.ws.store.ledger.promised() == 0
    assert jobs.show(at_runpod.ws, job).error == "it broke"
