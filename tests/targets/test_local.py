"""The local target: a detached worker that can be started, seen, stopped and cleaned up after."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from hone.errors import Conflict, HoneError
from hone.records.job import Job
from hone.targets import local
from hone.workspace.job_folder import JobFolder
from tests.faults.gates import FAKE_WORKER, Gate, wait_until


def make_folder(tmp_path: Path, name: str = "train-1", **spec: object) -> JobFolder:
    job = Job(id=name, kind="train", created_at=datetime.now(UTC), spec=spec)
    return JobFolder.create(tmp_path / "jobs" / name, job)


def begin(folder: JobFolder, **options: float) -> int:
    """Starts a worker; its process id, which may be gone by now: it can end at once."""
    return local.start(folder, local.Options(**options), command=FAKE_WORKER).pid


def start(folder: JobFolder, **options: float) -> psutil.Process:
    """Starts a worker that stands still somewhere, so that its process is there."""
    return psutil.Process(begin(folder, **options))


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_start_returns_when_the_worker_has_claimed_and_the_job_runs_to_its_end(
    tmp_path: Path,
) -> None:
    folder = make_folder(tmp_path)
    local.start(folder, command=FAKE_WORKER)
    assert any(event.type == "attempt" for event in folder.events())
    wait_until(lambda: not local.is_alive(folder), "the worker ends")
    assert folder.state() == "succeeded"
    assert folder.log_tail(5) == ["the fake worker begins"]


def test_a_worker_is_detached_gives_way_and_gets_the_frozen_environment(
    tmp_path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMBDA_API_KEY", "not for the worker")
    fake = {"pause_at": "between events", "gate": str(gate.path)}
    folder = make_folder(tmp_path, fake=fake, environment={"OMP_NUM_THREADS": "3"})
    worker = start(folder)
    gate.wait("between events")
    assert os.getsid(worker.pid) != os.getsid(0)
    assert worker.nice() >= 10
    session = Path(f"/proc/{worker.pid}/autogroup")
    # Linux shares the processor between sessions first, by nice only inside each.
    assert not session.exists() or int(session.read_text().split()[-1]) >= 10
    environment = worker.environ()
    assert environment["OMP_NUM_THREADS"] == "3" and "LAMBDA_API_KEY" not in environment
    # On a busy machine a worker that gives way may be too late for the signal.
    assert local.stop(folder, 0.0) in ("terminated", "killed")


def test_a_worker_outlives_the_process_that_started_it(tmp_path: Path, gate: Gate) -> None:
    fake = {"pause_at": "between events", "gate": str(gate.path)}
    folder = make_folder(tmp_path, fake=fake)
    code = (
        "import sys; from hone.targets import local\n"
        "from hone.workspace.job_folder import JobFolder\n"
        "local.start(JobFolder(sys.argv[1]), command=sys.argv[2:])"
    )
    subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(folder.path), *FAKE_WORKER], check=True
    )
    gate.wait("between events")
    assert folder.state() == "running"
    local.stop(folder, 0.0)


def test_stop_asks_first_and_leaves_a_checkpoint(tmp_path: Path, gate: Gate) -> None:
    fake = {"waits_for_stop": True, "gate": str(gate.path)}
    folder = make_folder(tmp_path, fake=fake)
    begin(folder)
    gate.wait("training")
    assert local.stop(folder, 20.0) == "stopped"
    assert folder.state() == "cancelled"
    assert (folder.checkpoints / "checkpoint-1" / "weights").read_text() == "1"
    assert local.stop(folder, 20.0) == "not running"


def test_a_worker_that_ignores_everything_is_killed_with_its_children(
    tmp_path: Path, gate: Gate
) -> None:
    fake = {
        "waits_for_stop": True,
        "ignores_stop": True,
        "ignores_term": True,
        "child": True,
        "gate": str(gate.path),
    }
    folder = make_folder(tmp_path, fake=fake)
    worker = start(folder)
    gate.wait("training")
    child = int((folder.path / "child.pid").read_text())
    assert local.stop(folder, 0.1) == "killed"
    wait_until(lambda: is_gone(worker.pid) and is_gone(child), "both are gone")


def test_what_a_killed_worker_left_running_is_ended_by_release_and_by_the_next_start(
    tmp_path: Path, gate: Gate
) -> None:
    fake = {"pause_at": "between events", "child": True, "gate": str(gate.path)}
    folder = make_folder(tmp_path, fake=fake)
    worker = start(folder)
    gate.wait("between events")
    child = int((folder.path / "child.pid").read_text())
    with pytest.raises(Conflict):
        local.release(folder)
    worker.kill()
    wait_until(lambda: not folder.is_alive(), "the worker is dead")
    assert not is_gone(child)
    local.release(folder)
    wait_until(lambda: is_gone(child), "the child is gone")
    begin(folder)
    wait_until(lambda: not folder.is_alive(), "the second attempt ends")
    assert folder.state() == "succeeded"
    local.release(folder)  # the second attempt's own child


def test_a_second_start_is_refused_while_the_first_lives(tmp_path: Path, gate: Gate) -> None:
    fake = {"pause_at": "between events", "gate": str(gate.path)}
    folder = make_folder(tmp_path, fake=fake)
    begin(folder)
    gate.wait("between events")
    with pytest.raises(Conflict, match="already has a worker"):
        start(folder)
    local.stop(folder, 0.0)


def test_a_worker_that_ends_before_its_claim_fails_with_the_end_of_its_log(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    command = (sys.executable, "-c", "print('no such library'); raise SystemExit(3)")
    with pytest.raises(HoneError, match="did not start: it ended with code 3") as caught:
        local.start(folder, command=command)
    assert "no such library" in caught.value.message
    assert caught.value.hint == "hone jobs logs train-1"
    assert folder.state() == "failed"


def test_a_worker_that_never_claims_is_ended_at_the_deadline(tmp_path: Path, gate: Gate) -> None:
    fake = {"pause_at": "before claim", "gate": str(gate.path), "child": True}
    folder = make_folder(tmp_path, fake=fake)
    with pytest.raises(HoneError, match=r"did not start: nothing came for 0\.8 seconds"):
        start(folder, claim_seconds=0.8)
    assert folder.state() == "failed"
    marked = [p for p in psutil.process_iter() if str(folder.path) in " ".join(_command(p))]
    assert not marked


def test_a_command_that_does_not_exist_is_said_and_not_a_traceback(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    with pytest.raises(HoneError, match="Cannot start"):
        local.start(folder, command=(str(tmp_path / "no-python"),))
    assert folder.state() == "waiting"


def test_a_worker_refused_by_its_device_is_reported_in_its_own_words(
    tmp_path: Path, gate: Gate
) -> None:
    fake = {"pause_at": "between events", "gate": str(gate.path)}
    first = make_folder(tmp_path, "first", fake=fake, device="cpu")
    second = make_folder(tmp_path, "second", device="cpu")
    start(first)
    gate.wait("between events")
    with pytest.raises(HoneError, match="device cpu is busy with first"):
        start(second)
    assert second.state() == "failed"
    local.stop(first, 0.0)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
