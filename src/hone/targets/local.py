"""Runs a job as a process of its own on this machine, outliving the terminal that started it.

Needs: a job folder on a local disk.
Gives: a detached worker at low priority; everything it prints goes to worker.log in the folder.
Source: the process model of POSIX sessions and Windows process groups, through psutil.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psutil
from pydantic import BaseModel, ConfigDict, Field

from hone import settings
from hone.errors import Conflict, HoneError
from hone.workspace.detached import detached
from hone.workspace.files import explained
from hone.workspace.job_folder import Identity, JobFolder, Ticket
from hone.workspace.priority import give_way

# Marks a worker and everything it starts, so that leftovers of a killed worker can be found.
MARK = "HONE_JOB_FOLDER"
LOOK_SECONDS = 0.05
LOG_TAIL_LINES = 8
TERMINATE_SECONDS = 5.0


class Options(BaseModel):
    """How a job is started on this machine."""

    model_config = ConfigDict(extra="forbid")

    nice: int = Field(
        default=10, ge=0, le=19, description="priority of the worker; higher gives way more"
    )
    environment: dict[str, str] = Field(
        default_factory=dict[str, str],
        description="settings of the terminal that asked for the job; the job's own come before",
    )
    claim_seconds: float = Field(
        default=60.0,
        gt=0,
        description="seconds a worker may take to claim its folder before it is ended",
    )


LIMITS: tuple[str, ...] = (
    "A job ends when this machine is switched off; hone jobs resume goes on from its checkpoint.",
    "A job in a folder that another machine shares is seen as lost from here.",
    "Native Windows is not tested.",
)

PRICE_PER_HOUR_USD = 0.0

# -P: the current folder is not searched for modules, so no file of a user's can stand in for one.
WORKER: tuple[str, ...] = (sys.executable, "-P", "-m", "hone.worker")


def start(
    folder: JobFolder, options: Options | None = None, *, command: Sequence[str] = WORKER
) -> Identity:
    """Start the worker (`command` and the folder) and return once it has claimed the folder.

    HoneError with the end of worker.log when it ends, or takes too long, before that; the job
    then counts as failed. Conflict when the folder already has a worker.
    """
    options = options or Options()
    if folder.is_alive():
        raise _already_running(folder)
    release(folder)
    last_seq = max((event.seq for event in folder.events()), default=0)
    process = _spawn(folder, command, options)
    deadline = time.monotonic() + options.claim_seconds
    while time.monotonic() < deadline:
        has_ended = process.poll() is not None
        identity = folder.identity()
        attempts = [event for event in folder.events(after=last_seq) if event.type == "attempt"]
        if attempts and identity is not None:
            _reap_later(process)
            return identity
        if has_ended:
            raise _did_not_start(folder, last_seq, f"it ended with code {process.returncode}")
        time.sleep(LOOK_SECONDS)
    _end_tree(_tree(process.pid), grace_seconds=0)
    process.wait()
    raise _did_not_start(folder, last_seq, f"nothing came for {options.claim_seconds:g} seconds")


def begin(
    folder: JobFolder,
    ticket: Ticket,
    options: Options | None = None,
    *,
    command: Sequence[str] = WORKER,
) -> None:
    """Start the worker for this ticket; called again after a kill, it never starts a second one.

    Errors as `start` has them.
    """
    options = options or Options()
    if ticket.has_begun(folder) or (ticket.is_again and _has_claimed(folder, ticket, options)):
        return
    options = options.model_copy(update={"environment": dict(ticket.environment)})
    start(folder, options, command=command)


def _has_claimed(folder: JobFolder, ticket: Ticket, options: Options) -> bool:
    """Wait for a worker that was started before a kill and has not yet claimed the folder."""
    deadline = time.monotonic() + options.claim_seconds
    while not ticket.has_begun(folder):
        if not _starting(folder) or time.monotonic() > deadline:
            return ticket.has_begun(folder)
        time.sleep(LOOK_SECONDS)
    return True


def _starting(folder: JobFolder) -> bool:
    """Whether a process that was started with this folder runs; what it started does not count."""
    mark = str(folder.path.resolve())
    for process in _leftovers(folder):
        with suppress(psutil.Error):
            if mark in process.cmdline():
                return True
    return False


def is_alive(folder: JobFolder, options: Options | None = None) -> bool:
    """Whether the worker of this folder runs now."""
    return folder.is_alive()


@contextmanager
def follow(folder: JobFolder, options: Options | None = None) -> Generator[Callable[[], None]]:
    """Nothing to bring here: the worker writes into this very folder."""
    yield lambda: None


def stop(folder: JobFolder, deadline_seconds: float = 30.0, options: Options | None = None) -> str:
    """End the worker: by request, then by signal, then by force; says which it took.

    "stopped" (it wrote a checkpoint and ended), "terminated", "killed", or "not running".
    """
    identity = folder.identity()
    if identity is None or not identity.is_alive:
        return "not running"
    folder.request_stop()
    tree = _tree(identity.pid)
    grace_seconds = min(TERMINATE_SECONDS, max(deadline_seconds, LOOK_SECONDS))
    if not _wait_for_end(tree[:1], deadline_seconds):
        _end_tree(tree, grace_seconds=grace_seconds)
        return "stopped"
    return _end_tree(_tree(identity.pid), grace_seconds=grace_seconds)


def release(folder: JobFolder, options: Options | None = None) -> None:
    """End what a dead worker left running; nothing is rented here, so nothing is given back."""
    if folder.is_alive():
        raise _already_running(folder)
    _end_tree(_leftovers(folder), grace_seconds=TERMINATE_SECONDS)


def _spawn(folder: JobFolder, command: Sequence[str], options: Options) -> subprocess.Popen[Any]:
    chosen = folder.job.spec.get("environment", {})
    environment = options.environment | {str(name): str(one) for name, one in chosen.items()}
    environment[MARK] = str(folder.path.resolve())
    with explained("start the worker in", folder.path), folder.log.open("ab") as log:
        process = subprocess.Popen(
            [*command, str(folder.path.resolve())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=settings.worker_environment(environment),
            **detached(),
        )
    # If it has ended already, the caller's loop says so with its log.
    give_way(process.pid, options.nice)
    return process


def _reap_later(process: subprocess.Popen[Any]) -> None:
    # A long-lived parent (the web server, a test) would otherwise keep a zombie per job.
    threading.Thread(target=process.wait, name=f"reap-{process.pid}", daemon=True).start()


def _did_not_start(folder: JobFolder, last_seq: int, why: str) -> HoneError:
    job = folder.path.name
    if folder.is_alive():
        return _already_running(folder)
    for event in reversed(folder.events(after=last_seq)):
        if event.type == "failed":
            # The worker itself said why: a busy device, a damaged job.
            said = event.model_extra or {}
            hint = str(said.get("hint", "")) or f"hone jobs logs {job}"
            return HoneError(str(said.get("error", why)), hint=hint)
    tail = folder.log_tail(LOG_TAIL_LINES)
    shown = "\n  ".join(["", *tail]) if tail else " Its log is empty."
    error = f"Job {job} did not start: {why}."
    hint = f"hone jobs logs {job}"
    folder.append("failed", error=error, hint=hint)
    return HoneError(f"{error} The end of its log:{shown}" if tail else error + shown, hint=hint)


def _already_running(folder: JobFolder) -> Conflict:
    job = folder.path.name
    return Conflict(f"Job {job} already has a worker.", hint=f"hone jobs watch {job}")


def _tree(pid: int) -> list[psutil.Process]:
    """The process and all its descendants, the process itself first."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _leftovers(folder: JobFolder) -> list[psutil.Process]:
    mark = str(folder.path.resolve())
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.pid != os.getpid():
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def _end_tree(processes: Sequence[psutil.Process], *, grace_seconds: float) -> str:
    """SIGTERM, then SIGKILL for what is left after the grace; says which was needed."""
    left = list(processes)
    if grace_seconds > 0:
        for process in processes:
            _signal(process, by_force=False)
        left = _wait_for_end(processes, grace_seconds)
    for process in left:
        _signal(process, by_force=True)
    _wait_for_end(left, TERMINATE_SECONDS)
    return "killed" if left else "terminated"


def _wait_for_end(processes: Sequence[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still run after `seconds`; returns at once when none does.

    A zombie counts as ended: in a container nobody may ever reap it.
    """
    deadline = time.monotonic() + seconds
    while left := [process for process in processes if _runs(process)]:
        if time.monotonic() > deadline:
            break
        time.sleep(LOOK_SECONDS)
    return left


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _signal(process: psutil.Process, *, by_force: bool) -> None:
    with suppress(psutil.NoSuchProcess):
        if by_force:
            process.kill()
        else:
            process.terminate()
