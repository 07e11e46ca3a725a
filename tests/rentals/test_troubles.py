"""What goes wrong at providers and on their machines: nothing hangs, and no machine is left."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event, Thread
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from hone.stages import jobs
from hone.stages.jobs.rented import RentedTarget
from hone.workspace.job_folder import JobFolder
from tests.faults.gates import Gate, wait_until
from tests.rentals.scene import LAUNCH, Scene, looking
from tests.targets.machines import write_python

OWN_DISK = "~/.hone"  # a folder of its own on each machine, so that Hone's wheel travels anew
END = {"lambda": "/api/v1/instance-operations/terminate", "runpod": "/v2/pods"}


class Trouble(NamedTuple):
    """A fault, when it strikes, and what becomes of the job."""

    at: str
    fault: str
    how: Mapping[str, Any] = MappingProxyType({})
    when: str = "from the start"
    ends: str = "succeeded"
    machines: int = 1


SLOW, CUT = {"bytes_per_second": 4_000_000}, {"after_bytes": 150_000}
TROUBLES = [
    Trouble("lambda", "slow_upload", SLOW),
    Trouble("runpod", "slow_upload", SLOW),
    Trouble("lambda", "connection_cut", CUT),
    Trouble("runpod", "connection_cut", CUT),
    Trouble("lambda", "html_429", {"times": 4}),
    Trouble("lambda", "html_429", {"times": 3}, "while it trains"),
    Trouble("runpod", "rate_limited", {"times": 3, "seconds": 40}),
    Trouble("lambda", "internal_error", {"times": 3}),
    Trouble("lambda", "capacity_hidden", {"times": 2}),
    Trouble("lambda", "sshd_before_active", {"seconds": 60}),
    Trouble("lambda", "reply_lost", {"method": "POST", "path": LAUNCH["lambda"]}),
    Trouble("runpod", "reply_lost", {"method": "POST", "path": LAUNCH["runpod"]}),
    Trouble("lambda", "reply_lost", {"method": "POST", "path": END["lambda"]}),
    Trouble("runpod", "reply_lost", {"method": "DELETE", "path": END["runpod"]}),
    Trouble("lambda", "terminate_ignored", {"seconds": 400}),
    Trouble("runpod", "delete_409", {"times": 70}),
    Trouble("lambda", "sshd_lag", {"seconds": 90}),
    Trouble("runpod", "sshd_lag", {"seconds": 90}),
    Trouble("lambda", "gpu_dead", machines=2),
    Trouble("runpod", "gpu_dead", machines=2),
    Trouble("lambda", "preempted", {}, "while it comes up", machines=2),
    Trouble("lambda", "preempted", {}, "while it trains", machines=2),
    Trouble("runpod", "host_dies", {"status": "EXITED"}, "while it trains", machines=2),
    Trouble("lambda", "host_key_changes", {}, "while it trains", "The key of .* was expected"),
    Trouble("runpod", "host_key_changes", {}, "while it trains", "The key of .* was expected"),
]


def striking(scene: Scene, trouble: Trouble, go: Path) -> type[RentedTarget]:
    """A target whose fault strikes once the first checkpoint is here; then the worker goes on."""
    struck: list[str] = []

    def after(target: RentedTarget, folder: JobFolder) -> None:
        if not struck and (folder.checkpoints / "checkpoint-1").is_dir():
            struck.append(trouble.fault)
            scene.arm(trouble.fault, **trouble.how)
            if trouble.machines == 1 and trouble.ends == "succeeded":
                go.touch()
        elif len(scene.machines) == trouble.machines > 1:
            go.touch()

    return looking(after)


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda one: f"{one.at}-{one.fault}-{one.when}")
def test_a_job_ends_as_it_should_and_no_machine_is_left(
    request: pytest.FixtureRequest, trouble: Trouble, gate: Gate, tmp_path: Path
) -> None:
    scene: Scene = request.getfixturevalue(f"at_{trouble.at}")
    if trouble.fault in ("slow_upload", "connection_cut"):
        scene.set(folder=OWN_DISK)
    go = tmp_path / "go"
    fake: dict[str, Any] = {"steps": 2}
    if trouble.when == "while it trains":
        scene.kind = striking(scene, trouble, go)
        fake |= {"pause_at": "after checkpoint", "gate": str(gate.path), "go": str(go)}
    elif trouble.when == "from the start":
        scene.arm(trouble.fault, **trouble.how)
    job = scene.asked(scene.order(**fake))
    with scene.carried(job):
        if trouble.when == "while it comes up":
            wait_until(lambda: len(scene.machines) == 1, "a machine is rented")
            scene.arm(trouble.fault, **trouble.how)
        status = ended(scene, job)
    if trouble.ends == "succeeded":
        assert status.state == "succeeded", status.error
    else:
        assert status.state == "lost"
        assert_says(status.error, trouble.ends)
    assert scene.emulator.faults.struck
    assert len(scene.machines) == trouble.machines and scene.alive == []
    assert scene.ws.store.ledger.promised() == 0
    assert jobs.reap(scene.ws, targets=[scene.target]).machines == []


def ended(scene: Scene, job: str) -> jobs.JobStatus:
    scene.watch(job)
    return jobs.show(scene.ws, job)


def assert_says(text: str, words: str) -> None:
    assert re.search(words, text), text


FULL = (
    "import shutil; full = shutil._ntuple_diskusage(9, 9, 5000); "
    "shutil.disk_usage = (lambda path: full) if sys.argv[2] == 'put' else shutil.disk_usage"
)


def test_a_disk_that_is_full_there_is_said_and_the_machine_given_back(
    rented: Scene, tmp_path: Path
) -> None:
    write_python(tmp_path / "python3", patch=FULL)
    rented.set(folder=OWN_DISK, python=str(tmp_path / "python3"))
    job = rented.asked()
    rented.carry(job)
    status = jobs.show(rented.ws, job)
    assert status.state == "failed" and "No space is left on" in status.error
    assert len(rented.machines) == 1 and rented.alive == []


def hurrying(seconds: float) -> type[RentedTarget]:
    """So many emulated seconds pass with each tenth of a second of an upload."""

    class Hurrying(RentedTarget):
        def upload(self, folder: JobFolder, goes_on: Callable[[], bool]) -> None:
            done = Event()

            def pass_time() -> None:
                while not done.wait(0.1):
                    self.clock.sleep(seconds)

            thread = Thread(target=pass_time, daemon=True)
            thread.start()
            try:
                super().upload(folder, goes_on)
            finally:
                done.set()
                thread.join()

    return Hurrying


def test_an_upload_that_would_take_longer_than_the_money_lasts_is_broken_off(
    rented: Scene,
) -> None:
    rented.set(folder=OWN_DISK)
    rented.kind = hurrying(60.0)
    rented.arm("slow_upload", bytes_per_second=20_000)
    job = rented.asked(rented.order(budget=1.0))
    rented.carry(job)
    status = jobs.show(rented.ws, job)
    assert status.state == "failed"
    assert_says(status.error, r"The limit of \$1\.00 came near before the job began")
    assert len(rented.machines) == 1 and rented.alive == []
    assert rented.ws.store.ledger.total() < 1.2 and rented.ws.store.ledger.promised() == 0


def test_a_job_that_is_stopped_while_it_is_uploaded_is_given_back_at_once(
    at_runpod: Scene,
) -> None:
    at_runpod.set(folder=OWN_DISK)
    at_runpod.arm("slow_upload", bytes_per_second=20_000)
    job = at_runpod.asked()
    with at_runpod.carried(job):
        wait_until(lambda: at_runpod.step_of(job) == "upload", "it is uploaded")
        assert jobs.stop(at_runpod.ws, job) == "never started"
    assert at_runpod.alive == [] and jobs.show(at_runpod.ws, job).state == "cancelled"
