"""Jobs: hand one in, start, follow, stop and resume it; its state is read from its folder."""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from filelock import FileLock, Timeout
from pydantic import BaseModel, Field

from hone import shelf
from hone.errors import Conflict, HoneError
from hone.records.job import FINISHED, Event, Job, JobKind, JobState, state_of
from hone.workspace.clock import now
from hone.workspace.files import explained
from hone.workspace.job_folder import Identity, JobFolder

if TYPE_CHECKING:
    from hone.workspace.open import Workspace

LOOK_SECONDS = 0.2
START_LOCK_SECONDS = 120.0
SETTLE_LOCK_SECONDS = 300.0
EXIT_SECONDS = 30.0
WATCH_SECONDS = 7 * 24 * 3600.0
# A job that nobody has started for this long is not about to start while somebody watches.
UNSTARTED_SECONDS = 10.0


class Target(Protocol):
    """The verbs of a choice on the targets shelf; a test may hand in its own."""

    def start(self, folder: JobFolder) -> Identity:
        """Start the worker; returns once it has claimed the folder."""
        ...

    def is_alive(self, folder: JobFolder) -> bool:
        """Whether the worker runs now."""
        ...

    def stop(self, folder: JobFolder, deadline_seconds: float) -> str:
        """End the worker within the deadline; says what it took."""
        ...

    def release(self, folder: JobFolder) -> None:
        """Give back what a dead worker left."""
        ...


class JobStatus(BaseModel):
    """A job as people see it: the order and what its folder says now."""

    id: str
    kind: JobKind
    state: JobState
    target: str
    created_at: datetime
    attempts: int = 0
    done: int | None = Field(default=None, description="steps or rows so far")
    total: int | None = None
    eta_seconds: float | None = None
    error: str = ""
    hint: str = ""
    metrics: dict[str, float] = Field(default_factory=dict)
    watchdogs: list[dict[str, Any]] = Field(
        default_factory=list[dict[str, Any]],
        description="what the watchdogs of the training found: text, and the value to change",
    )
    samples: dict[str, Any] | None = Field(
        default=None, description="predictions at the last validation: step and rows"
    )
    runtime_seconds: float | None = None
    damaged_lines: int = Field(default=0, description="lines of events.jsonl that cannot be read")
    folder: str


def new_job(kind: JobKind, spec: Mapping[str, Any], *, target: str = "local") -> Job:
    """An order with an id of its own, such as train-20261120-153000-k3f9."""
    at = now()
    letters = string.ascii_lowercase + string.digits
    tail = "".join(secrets.choice(letters) for _ in range(4))
    return Job(
        id=f"{kind}-{at:%Y%m%d-%H%M%S}-{tail}",
        kind=kind,
        created_at=at,
        spec=dict(spec),
        target=target,
        versions=_versions(),
    )


def submit(ws: Workspace, job: Job, inputs: Mapping[str, Path | str | bytes]) -> Job:
    """Write the job's folder, then its row; a kill in between is mended by the next listing."""
    JobFolder.create(ws.jobs / job.id, job, inputs=inputs)
    ws.store.jobs.add(job)
    return job


def launch(
    ws: Workspace,
    job: Job,
    inputs: Mapping[str, Path | str | bytes],
    *,
    target: Target | None = None,
) -> Job:
    """Submit and start; of two trainings for one device the second is refused, nothing written."""
    with _start_lock(ws):
        _refuse_busy_device(ws, job)
        submit(ws, job, inputs)
        _start(ws, job, target)
    return job


def start(ws: Workspace, job_id: str, *, target: Target | None = None) -> Job:
    """Start a job that waits."""
    folder = folder_of(ws, job_id)
    with _start_lock(ws):
        state = folder.state()
        if state != "waiting" or folder.is_alive():
            raise Conflict(f"Job {folder.path.name} is {state}.", hint=_hint_for(folder, state))
        _refuse_busy_device(ws, folder.job)
        _start(ws, folder.job, target)
    return folder.job


def resume(ws: Workspace, job_id: str, *, target: Target | None = None) -> Job:
    """A new attempt in the same folder; it goes on from the last checkpoint that verifies."""
    folder = folder_of(ws, job_id)
    with _start_lock(ws):
        _let_it_exit(folder)
        state = folder.state()
        if state in ("succeeded", "running") or folder.is_alive():
            raise Conflict(
                f"Job {folder.path.name} is {state}: there is nothing to resume.",
                hint=_hint_for(folder, state),
            )
        _refuse_busy_device(ws, folder.job)
        folder.clear_stop()
        _start(ws, folder.job, target)
    return folder.job


def stop(
    ws: Workspace, job_id: str, *, deadline_seconds: float = 60.0, target: Target | None = None
) -> str:
    """Stop a job; says how: stopped (with a checkpoint), terminated, killed, or never started."""
    folder = folder_of(ws, job_id)
    state = folder.state()
    if state in FINISHED:
        raise Conflict(
            f"Job {folder.path.name} has already {state}.", hint=_hint_for(folder, state)
        )
    how = (target or _target(folder.job)).stop(folder, deadline_seconds)
    # A worker that was ended by force could not write its own ending.
    with _start_lock(ws):
        if folder.state() in ("waiting", "lost") and not folder.is_alive():
            folder.append("cancelled", how=how)
    return "never started" if state == "waiting" and how == "not running" else how


def ask_to_stop(ws: Workspace, job_id: str) -> None:
    """Ask a running job to write a checkpoint and end; does not wait for it."""
    folder_of(ws, job_id).request_stop()


def watch(
    ws: Workspace, job_id: str, *, after: int = 0, deadline_seconds: float = WATCH_SECONDS
) -> Iterator[Event | JobState]:
    """The job's events above seq `after` as they come, and its state whenever that changes.

    Ends after a final state, after `lost`, when nobody starts a waiting job, or at the deadline.
    """
    folder = folder_of(ws, job_id)
    deadline = time.monotonic() + deadline_seconds
    unstarted = time.monotonic() + UNSTARTED_SECONDS
    offset, shown = 0, ""
    while True:
        # The state first: events written between the two reads are then never missed.
        state = folder.state()
        events, offset = folder.read_from(offset)
        for event in events:
            if event.seq > after:
                yield event
        if state != shown:
            yield state
            shown = state
        is_over = state in (*FINISHED, "lost")
        if state == "waiting" and time.monotonic() > unstarted and not folder.is_alive():
            is_over = True
        if is_over or time.monotonic() > deadline:
            return
        time.sleep(LOOK_SECONDS)


def list_jobs(ws: Workspace, *, newest: int | None = None) -> list[JobStatus]:
    """Every job of the workspace, or so many, the newest first."""
    _adopt(ws)
    return [_status(ws, job) for job in ws.store.jobs.list()[:newest]]


def show(ws: Workspace, job_id: str) -> JobStatus:
    """One job, by its id or the beginning of it."""
    _adopt(ws)
    status = _status(ws, ws.store.jobs.get(job_id))
    status.damaged_lines = JobFolder(ws.jobs / status.id).damaged_lines()
    return status


def logs(ws: Workspace, job_id: str, *, tail: int = 100) -> list[str]:
    """The last lines that the job's worker printed."""
    return folder_of(ws, job_id).log_tail(tail)


def folder_of(ws: Workspace, job_id: str) -> JobFolder:
    """The folder of a job, by its id or the beginning of it."""
    _adopt(ws)
    folder = JobFolder(ws.jobs / ws.store.jobs.get(job_id).id)
    _ = folder.job  # a missing or damaged order is said here, in two lines
    return folder


def unsettled(ws: Workspace, kind: JobKind) -> list[JobFolder]:
    """Folders of succeeded jobs of a kind whose results are not yet registered."""
    _adopt(ws)
    folders = [JobFolder(ws.jobs / job.id) for job in ws.store.jobs.unsettled() if job.kind == kind]
    return [folder for folder in folders if folder.has_result]


@contextmanager
def settling(ws: Workspace) -> Generator[None]:
    """Only one process at a time registers results."""
    with _waiting_for(ws, ".settle.lock", SETTLE_LOCK_SECONDS):
        yield


def running_training(ws: Workspace, device: str) -> str | None:
    """The id of the job that trains on this device now, if there is one."""
    holder = ws.jobs / f".{device}.holder"
    try:
        name = holder.read_text().strip()
    except FileNotFoundError:
        return None
    return name if name and JobFolder(ws.jobs / name).is_alive() else None


def _start(ws: Workspace, job: Job, target: Target | None) -> None:
    (target or _target(job)).start(JobFolder(ws.jobs / job.id))


def _target(job: Job) -> Target:
    return cast("Target", shelf.load("targets", job.target))


def _let_it_exit(folder: JobFolder) -> None:
    """Wait for a worker that has written its last word and is only taking itself down."""
    deadline = time.monotonic() + EXIT_SECONDS
    while folder.is_alive() and folder.state() in FINISHED and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)


def _refuse_busy_device(ws: Workspace, job: Job) -> None:
    if job.kind != "train":
        return
    device = str(job.spec.get("device", "cpu"))
    other = running_training(ws, device)
    if other is not None and other != job.id:
        _let_it_exit(JobFolder(ws.jobs / other))
        other = running_training(ws, device)
    if other is not None and other != job.id:
        raise Conflict(
            f"The device {device} is busy: {other} is training.", hint=f"hone jobs watch {other}"
        )


def _adopt(ws: Workspace) -> None:
    """Give every complete folder its row; a kill between folder and row leaves one without."""
    known = {job.id for job in ws.store.jobs.list()}
    for path in sorted(ws.jobs.glob("*/job.json")):
        if path.parent.name in known:
            continue
        try:
            job = JobFolder(path.parent).job
        except HoneError:
            continue
        if job.id == path.parent.name:
            ws.store.jobs.add(job)


def _status(ws: Workspace, job: Job) -> JobStatus:
    folder = JobFolder(ws.jobs / job.id)
    status = JobStatus(
        id=job.id,
        kind=job.kind,
        state="lost",
        target=job.target,
        created_at=job.created_at,
        folder=str(folder.path),
    )
    try:
        is_alive = folder.is_alive()  # before the events, as JobFolder.state does
        events = folder.events()
        result = folder.result()
        status.state = state_of(events, is_alive=is_alive, has_result=result is not None)
    except HoneError as error:
        # One damaged folder must not hide the other jobs.
        status.error, status.hint = error.message, error.hint
        return status
    status.attempts = sum(event.type == "attempt" for event in events)
    if result is not None:
        status.metrics, status.runtime_seconds = result.metrics, result.runtime_seconds
    for event in events:
        fields: Mapping[str, Any] = event.model_extra or {}
        if event.type == "progress":
            status.done, status.total = fields.get("done"), fields.get("total")
            status.eta_seconds = fields.get("eta_seconds")
        elif event.type == "watchdog":
            status.watchdogs.append(dict(fields))
        elif event.type == "samples":
            status.samples = dict(fields)
        elif event.type == "failed" and status.state == "failed":
            status.error, status.hint = str(fields.get("error", "")), str(fields.get("hint", ""))
    if status.state == "lost":
        status.error = "Its worker ended without a word (killed, or the machine went down)."
    if status.state in ("lost", "failed", "cancelled") and not status.hint:
        status.hint = f"hone jobs resume {job.id}"
    return status


def _hint_for(folder: JobFolder, state: JobState) -> str:
    name = folder.path.name
    if state in ("running", "waiting") and folder.is_alive():
        return f"hone jobs watch {name}"
    return f"hone jobs show {name}" if state == "succeeded" else f"hone jobs resume {name}"


@contextmanager
def _start_lock(ws: Workspace) -> Generator[None]:
    with _waiting_for(ws, ".start.lock", START_LOCK_SECONDS):
        yield


@contextmanager
def _waiting_for(ws: Workspace, name: str, seconds: float) -> Generator[None]:
    lock = FileLock(ws.jobs / name, thread_local=False)
    with explained("write in", ws.jobs):
        ws.jobs.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=seconds)
        except Timeout as error:
            raise Conflict(
                f"Another process has held {lock.lock_file} for {seconds:g} seconds.",
                hint="hone jobs list   (shows what is going on)",
            ) from error
    try:
        yield
    finally:
        lock.release()


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    import hone

    found = {"hone": hone.__version__}
    for library in ("torch", "transformers", "trl", "peft", "tokenizers"):
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found
