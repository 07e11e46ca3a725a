"""A training by several processes: one launcher, and one process for each share of the work.

The launcher holds the job's claim and starts the others through `torch.distributed.run`, which ends
all when one ends badly. Rank 0 alone writes events, checkpoints and the result; what any of them
has to say of its end lies in ranks/ and is told by the launcher.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import psutil

from hone import settings
from hone.errors import HoneError
from hone.records.job import Event, Job, Result
from hone.settings import Seat
from hone.workspace.files import explained, write_json
from hone.workspace.job_folder import JobFolder
from hone.workspace.priority import give_way

LOOK_SECONDS = 0.3


class Following(JobFolder):
    """The folder of a process that is not the first: it reads, and leaves the writing to it."""

    def append(self, type: str, **fields: Any) -> Event:
        """Nothing is written; the first process tells the same."""
        return Event(seq=0, at=datetime.now(UTC), type=type, **fields)

    def write_result(self, result: Result) -> None:
        """Nothing is written."""

    def request_stop(self) -> None:
        """Nothing is asked: stopping is the launcher's affair."""


def processes_of(job: Job) -> int:
    """How many processes this job was planned for."""
    found = job.spec.get("options", {}).get("training.processes")
    return int(found["value"]) if job.kind == "train" and found and found["value"] != "auto" else 1


def refuse_other_launch(job: Job, seat: Seat | None) -> None:
    """HoneError where a launcher started another number of processes than the job was planned for.

    `accelerate launch --cpu --num_processes 2` starts one and says nothing; each of two processes
    that believe to be alone would train everything.
    """
    planned, started = processes_of(job), seat.size if seat is not None else 1
    if seat is None and not settings.is_started_by_accelerate():
        return
    if planned == started:
        return
    by = "accelerate launch" if settings.is_started_by_accelerate() else "The launcher"
    what = "1 process" if started == 1 else f"{started} processes"
    raise HoneError(
        f"{by} started {what}, and this job is planned for {planned}.",
        hint="python -m hone.worker FOLDER starts as many as it needs; or "
        f"torchrun --standalone --nproc-per-node {planned} -m hone.worker FOLDER"
        if planned > 1
        else "python -m hone.worker FOLDER; or plan it anew with --set training.processes="
        f"{started}",
    )


def launch(folder: JobFolder, processes: int) -> None:
    """Start the processes, wait for them; HoneError says which one ended badly, and why."""
    from torch.distributed import run
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    notes = _notes(folder).resolve()
    shutil.rmtree(notes, ignore_errors=True)
    with explained("write", notes):
        notes.mkdir()
    settings.become_launcher(notes / "meeting")
    worker = [sys.executable, "-P", "-m", "hone.worker", str(folder.path.resolve())]
    options = ["--rdzv-backend", "c10d", "--rdzv-conf", "store_type=file", "--local-addr"]
    options += ["127.0.0.1", "--rdzv-endpoint", str(notes / "rendezvous"), "--rdzv-id", notes.name]
    options += ["--nproc-per-node", str(processes)]
    # Polite signals keep the meaning that they have for every worker: stop at a checkpoint.
    options += ["--signals-to-handle", "SIGQUIT", "--no-python"]
    try:
        run.run(run.parse_args([*options, *worker]))
    except ChildFailedError as error:
        raise _explained(folder, error.failures, processes) from None
    finally:
        shutil.rmtree(notes, ignore_errors=True)


def take_seat(folder: JobFolder, seat: Seat) -> None:
    """Behave as one of several: end with the launcher, and leave stopping to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # It leads a session of its own, which would take more than the launcher's share.
    if os.name == "posix":
        give_way(os.getpid(), max(int(psutil.Process().nice()), 0))
    threading.Thread(target=_end_with_launcher, name="launcher-watch", daemon=True).start()


def note_ending(folder: JobFolder, seat: Seat, error: HoneError, *, is_bug: bool = False) -> None:
    """Leave for the launcher what went wrong in this process."""
    _notes(folder).mkdir(exist_ok=True)
    note = {"error": error.message, "hint": error.hint, "is_bug": is_bug, "at": time.time()}
    write_json(_notes(folder) / f"{seat.rank}.json", note)


def _end_with_launcher() -> NoReturn:
    launcher = os.getppid()
    while os.getppid() == launcher:
        time.sleep(LOOK_SECONDS)
    os._exit(1)


def _explained(folder: JobFolder, failures: dict[int, Any], processes: int) -> HoneError:
    """The first cause: who was killed, else what the process that failed first has left."""
    killed = {
        rank: -failure.exitcode
        for rank, failure in failures.items()
        if failure.exitcode < 0 and -failure.exitcode != signal.SIGTERM
    }
    said = _said(folder)
    if killed and all(one["is_bug"] for one in said):
        rank, number = sorted(killed.items())[0]
        return HoneError(
            f"Process {rank} of {processes} was killed (signal {number}), so all were ended.",
            hint=f"hone jobs resume {folder.path.name}   (goes on from the last checkpoint)",
        )
    if said:
        # What a process says when it has lost another one is no cause.
        first = min(said, key=lambda one: (one["is_bug"], _is_lost_peer(one), one["at"]))
        return HoneError(str(first["error"]), hint=str(first["hint"]))
    rank, failure = min(failures.items())
    return HoneError(
        f"Process {rank} of {processes} ended with code {failure.exitcode}.",
        hint=f"hone jobs logs {folder.path.name}",
    )


def _is_lost_peer(note: dict[str, Any]) -> bool:
    return any(word in str(note["error"]) for word in ("gloo", "NCCL", "DistBackendError"))


def _said(folder: JobFolder) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted(_notes(folder).glob("*.json")):
        found.append(json.loads(path.read_bytes()))
    return found


def _notes(folder: JobFolder) -> Path:
    return folder.path / "ranks"
