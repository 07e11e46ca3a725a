"""A job on a rented machine while it runs: bad machines, machines that die, limits, stops."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hone.cli.run import run
from hone.cli.told import describe
from hone.stages import jobs
from hone.stages.jobs.rented import RentedTarget
from hone.targets._rental_choice import candidates
from hone.targets._rental_life import acquire, give_back
from hone.workspace.job_folder import JobFolder
from hone.workspace.rental_file import rentals_of
from tests.faults.gates import Gate, wait_until
from tests.rentals.scene import GPUS, Scene, looking

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
        rental = acquire(renter, folder, lambda: candidates(renter))
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
        rental = acquire(renter, folder, lambda: candidates(renter))
        assert len(scene.machines) == 2 and scene.alive == [rental.id]
        assert words in told(scene, folder.path.name)
        assert words in rentals_of(folder).rentals[0].why
        give_back(renter, folder)
    assert scene.alive == []


def test_after_so_many_bad_machines_it_is_left_and_nothing_is_on(at_runpod: Scene) -> None:
    at_runpod.set(boot_seconds=60.0, tries=2)
    at_runpod.arm("never_ssh", times=-1)
    job = at_runpod.asked()
    assert "not usable within 60 seconds" in at_runpod.carry(job)
    assert len(at_runpod.machines) == 2 and at_runpod.alive == []
    ledger = at_runpod.ws.store.ledger
    assert ledger.promised() == 0 and ledger.total() == pytest.approx(at_runpod.billed, abs=0.01)
    assert jobs.show(at_runpod.ws, job).state == "failed"


# While it runs


def dying(scene: Scene, fault: str, times: int) -> type[RentedTarget]:
    """Its machines die with the first checkpoint that comes here from each, so many of them."""
    killed: list[str] = []

    def after(target: RentedTarget, folder: JobFolder) -> None:
        rental = rentals_of(folder).current
        checkpoints = len(list(folder.checkpoints.glob("checkpoint-*")))
        if rental is not None and rental.name in killed:
            target.clock.sleep(70.0)  # its silence counts by the clock
        elif rental is not None and times > len(killed) < checkpoints:
            killed.append(rental.name)
            scene.arm(fault)

    return looking(after)


@pytest.mark.parametrize(
    ("name", "fault", "words"),
    [
        ("lambda", "host_dies", "its machine was silent for"),
        ("lambda", "preempted", "lambda says that its machine is"),
        ("runpod", "host_dies", "its machine was silent for"),
    ],
)
def test_a_job_whose_host_dies_goes_on_elsewhere_by_itself_from_its_last_checkpoint(
    request: pytest.FixtureRequest, name: str, fault: str, words: str, gate: Gate
) -> None:
    scene: Scene = request.getfixturevalue(f"at_{name}")
    capsys: pytest.CaptureFixture[str] = request.getfixturevalue("capsys")
    scene.set(lost_seconds=120.0, folder="~/.hone")  # its disk dies with it
    scene.kind = dying(scene, fault, times=1)
    go = gate.path.with_name("go")
    order = scene.order(pause_at="after checkpoint", gate=str(gate.path), steps=3, go=str(go))
    job = scene.asked(order)
    seen: list[str] = []
    with scene.carried(job):
        gate.wait("after checkpoint")
        wait_until(lambda: len(scene.machines) == 2, "another machine is rented")
        go.touch()
        seen += scene.watch(job)
    assert seen[-1] == "succeeded" and begins(scene, job) == [0, 1]
    assert len(scene.machines) == 2 and scene.alive == []
    status = jobs.show(scene.ws, job)
    assert status.attempts == 2 and [words in why for why in status.moves] == [True]
    assert run(["jobs", "show", job, "-w", str(scene.ws.root)]) == 0
    assert "went on elsewhere" in capsys.readouterr().out
    told = [describe(event) for event in scene.folder(job).events()]
    assert f"Going on on another machine, from the last checkpoint: {status.moves[0]}." in told
    first, last = rentals_of(scene.folder(job)).rentals
    assert first.is_lost and words in first.why and not last.is_lost
    ledger = scene.ws.store.ledger
    assert ledger.promised() == 0 and ledger.total() == pytest.approx(status.cost_usd, abs=1e-5)


def test_a_job_moves_so_many_times_and_no_more_and_its_budget_still_holds(
    at_runpod: Scene, gate: Gate
) -> None:
    at_runpod.set(lost_seconds=120.0, folder="~/.hone")
    at_runpod.kind = dying(at_runpod, "host_dies", times=3)
    fake = {"pause_at": "after checkpoint", "gate": str(gate.path), "steps": 5}
    job = at_runpod.asked(at_runpod.order(budget=1.5, **fake))
    with at_runpod.carried(job):
        for _ in range(3):
            gate.wait("after checkpoint")
    status = jobs.show(at_runpod.ws, job)
    assert status.state == "lost" and len(status.moves) == 2 and len(at_runpod.machines) == 3
    assert "silent for" in status.error and status.hint == f"hone jobs resume {job}"
    ledger = at_runpod.ws.store.ledger
    assert at_runpod.alive == [] and ledger.promised() == 0 and ledger.total() < 1.5


def test_a_machine_that_dies_before_the_job_begins_is_replaced_too(at_lambda: Scene) -> None:
    at_lambda.arm("connection_cut", after_bytes=1000)
    killed: list[str] = []

    class Dying(RentedTarget):
        def upload(self, folder: JobFolder, goes_on: Callable[[], bool]) -> None:
            if not killed:
                killed.append(self.name)
                at_lambda.arm("preempted")
            super().upload(folder, goes_on)

    at_lambda.kind = Dying
    job = at_lambda.asked(steps=2)
    assert at_lambda.carry(job) == "succeeded" and len(at_lambda.machines) == 2
    status = jobs.show(at_lambda.ws, job)
    assert len(status.moves) == 1 and status.attempts == 1 and at_lambda.alive == []


def passing(step_seconds: float) -> type[RentedTarget]:
    """Emulated time passes with every look, until the worker is asked to stop."""

    def after(target: RentedTarget, folder: JobFolder) -> None:
        if not folder.is_stop_requested or folder.job.spec["fake"].get("ignores_stop"):
            target.clock.sleep(step_seconds)

    return looking(after)


@pytest.mark.parametrize(
    ("name", "gpu", "obeys"),
    [("lambda", "gpu_2x_h100_sxm5", True), ("runpod", "NVIDIA B200", False)],
)
def test_a_budget_of_a_dollar_is_held_to_and_the_checkpoint_is_here(
    request: pytest.FixtureRequest, name: str, gpu: str, obeys: bool, gate: Gate
) -> None:
    scene: Scene = request.getfixturevalue(f"at_{name}")
    scene.set(gpu=[gpu], prepare_seconds=30.0)
    scene.kind = passing(STEP_SECONDS)
    fake = {"waits_for_stop": True, "ignores_stop": not obeys, "gate": str(gate.path), "steps": 9}
    job = scene.asked(scene.order(seconds=60.0, budget=1.0, **fake))
    assert scene.carry(job) == "cancelled" and scene.alive == []
    (last,) = rentals_of(scene.folder(job)).rentals
    assert last.given_back_at is not None and last.rented_at is not None
    assert last.why == "the limit of $1.00 was reached"
    limit = 1.0 / last.rate * 3600
    held = (last.given_back_at - last.rented_at).total_seconds()
    # Asked a tenth of the time before; one that does not obey is ended at the limit.
    assert 0.9 * limit - STEP_SECONDS < held < limit + (0 if obeys else 2 * STEP_SECONDS)
    assert (scene.folder(job).checkpoints / "checkpoint-1" / "weights").read_text() == "1"
    status = jobs.show(scene.ws, job)
    assert status.error == "It was stopped: the limit of $1.00 was reached."
    assert scene.ws.store.ledger.promised() == 0
    assert scene.ws.store.ledger.total() <= (1.0 if obeys else 1.1)


def test_stopping_a_job_gives_its_machine_back(at_runpod: Scene, gate: Gate) -> None:
    job = at_runpod.asked(waits_for_stop=True, gate=str(gate.path), steps=2)
    with at_runpod.carried(job):
        gate.wait("training")
        assert jobs.show(at_runpod.ws, job).rented.startswith("NVIDIA A40 in SECURE, $0.49")
        assert jobs.stop(at_runpod.ws, job) == "stopped"
        assert at_runpod.alive == [] and at_runpod.ws.store.ledger.promised() == 0
    status = jobs.show(at_runpod.ws, job)
    assert (status.state, status.error) == ("cancelled", "")
    assert (at_runpod.folder(job).checkpoints / "checkpoint-1").is_dir()


def test_stopping_a_job_whose_machine_still_boots_gives_that_back(at_runpod: Scene) -> None:
    at_runpod.arm("never_ssh")
    job = at_runpod.asked(steps=2)
    with at_runpod.carried(job):
        wait_until(lambda: len(at_runpod.machines) == 1, "a machine is rented")
        assert jobs.stop(at_runpod.ws, job) == "never started"
    assert at_runpod.alive == [] and len(at_runpod.machines) == 1
    assert jobs.show(at_runpod.ws, job).state == "cancelled"
    assert at_runpod.ws.store.ledger.promised() == 0


def test_a_worker_that_cannot_start_costs_no_more_than_its_start(at_runpod: Scene) -> None:
    job = at_runpod.asked(fails=True)
    assert at_runpod.carry(job) == "failed"
    assert at_runpod.alive == [] and at_runpod.ws.store.ledger.promised() == 0
    assert jobs.show(at_runpod.ws, job).error == "it broke"
