"""A machine whose disk really is full: two lines, it is given back, what was before is here."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from hone.stages import jobs
from hone.targets import ssh
from hone.workspace.job_folder import JobFolder
from tests.faults.gates import FAKE_WORKER, Gate, wait_until
from tests.faults.orders import job_folder
from tests.faults.small_disks import Mount, begins, enlarge, leave_room, weights
from tests.rentals.scene import Scene, looking
from tests.targets.machines import machine

# A checkpoint more does not fit into the room that is left once the first one is here.
DISK_MB, WEIGHTS, ROOM = 4096, 400_000, 200_000


def filling(disk: Path, go: Path) -> Callable[[JobFolder], None]:
    """After each look: once a checkpoint is here the disk is full, and the worker goes on."""

    def after(folder: JobFolder) -> None:
        if not go.exists() and (folder.checkpoints / "checkpoint-1" / "weights").is_file():
            leave_room(disk, ROOM)
            go.touch()

    return after


def fake(go: Path, gate: Path) -> dict[str, object]:
    said = {"steps": 3, "weights_bytes": WEIGHTS, "pause_at": "after checkpoint"}
    return {**said, "gate": str(gate), "go": str(go)}


def assert_ended_by_it(folder: JobFolder) -> None:
    told = next(one.model_extra or {} for one in reversed(folder.events()) if one.type == "failed")
    assert "no space is left on the disk" in told["error"] and told["hint"]
    assert folder.state() == "failed" and weights(folder) == {"checkpoint-1": "1"}


def test_a_rented_machine_with_a_full_disk_is_given_back_and_no_checkpoint_is_lost(
    rented: Scene, small_disk: Mount, gate: Gate, tmp_path: Path
) -> None:
    disk, go = rented.ws.root.parent / "hone-there", tmp_path / "go"
    small_disk(disk, DISK_MB)
    fill = filling(disk, go)
    rented.kind = looking(lambda _target, folder: fill(folder))
    job = rented.asked(rented.order(**fake(go, gate.path)))
    with rented.carried(job):
        rented.watch(job)
    folder = rented.folder(job)
    assert_ended_by_it(folder)
    assert len(rented.machines) == 1 and rented.alive == []
    assert rented.ws.store.ledger.promised() == 0
    enlarge(disk, DISK_MB)
    jobs.asking.enqueue(rented.ws, folder)
    rented.carry(job)
    assert folder.state() == "succeeded" and begins(folder) == [0, 1]
    assert len(rented.machines) == 2 and rented.alive == []


def test_while_the_disk_here_is_full_the_job_goes_on_there_and_is_waited_for(
    at_runpod: Scene, small_disk: Mount
) -> None:
    here = at_runpod.ws.jobs
    small_disk(here, DISK_MB)
    job = at_runpod.asked(steps=1, weights_bytes=4 * WEIGHTS)
    leave_room(here, WEIGHTS)
    with at_runpod.carried(job):
        wait_until(lambda: shutil.disk_usage(here).free == 0, "the disk is full")
        # Looked at again and again meanwhile: it neither fails nor is given back.
        assert not threading.Event().wait(2.0) and len(at_runpod.alive) == 1
        enlarge(here, DISK_MB)
    assert jobs.show(at_runpod.ws, job).state == "succeeded" and at_runpod.alive == []
    assert weights(at_runpod.folder(job)) == {"checkpoint-1": "1"}


def test_machines_without_room_for_a_training_are_passed_over_and_given_back(
    rented: Scene, small_disk: Mount
) -> None:
    small_disk(rented.ws.root.parent / "hone-there", 1)
    job = rented.asked(rented.order(steps=1))
    rented.carry(job)
    status = jobs.show(rented.ws, job)
    assert status.state == "failed" and status.hint
    assert status.error.endswith("cannot be used: 0.0 GiB are free, 1 are needed.")
    assert len(rented.machines) == rented.target.options.tries and rented.alive == []
    assert rented.ws.store.ledger.promised() == 0


def test_a_machine_of_ones_own_with_a_full_disk_loses_no_checkpoint(
    tmp_path: Path, small_disk: Mount, gate: Gate
) -> None:
    with machine(tmp_path / "m") as there:
        disk, go = there.home / ".hone", tmp_path / "go"
        small_disk(disk, DISK_MB)
        options = ssh.Options(**there.options(keeps_folder=True))
        folder = job_folder(tmp_path, **fake(go, gate.path))
        ended(folder, options, filling(disk, go))
        assert_ended_by_it(folder)
        enlarge(disk, DISK_MB)
        folder.append("queued")
        ended(folder, options, lambda folder: None)
        assert folder.state() == "succeeded" and begins(folder) == [0, 1]


def ended(folder: JobFolder, options: ssh.Options, after: Callable[[JobFolder], None]) -> None:
    """The worker is started there and followed to its end."""
    ssh.start(folder, options, command=FAKE_WORKER)
    with ssh.follow(folder, options) as pull:

        def has_ended() -> bool:
            pull()
            after(folder)
            return not folder.is_alive()

        wait_until(has_ended, "the worker ends")
