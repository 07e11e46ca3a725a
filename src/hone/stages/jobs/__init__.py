"""Jobs: hand one in, start, follow, stop and resume it; its state is read from its folder."""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from hone.errors import Conflict, HoneError, Unavailable
from hone.records.job import FINISHED, Event, Job, JobKind, JobState
from hone.stages.jobs.reap import Reaped, reap
from hone.stages.jobs.rented import beyond_budget
from hone.stages.jobs.status import JobStatus, status_of
from hone.stages.jobs.where import (
    HERE,
    Target,
    cost_of,
    give_back,
    has_rental,
    is_awaited,
    is_elsewhere,
    is_open,
    is_rented,
    look_once,
    machine_of,
    refresh,
    target_named,
    target_names,
)
from hone.workspace.clock import now
from hone.workspace.files import explained
from hone.workspace.job_folder import JobFolder

if TYPE_CHECKING:
    from hone.workspace.open import Workspace

__all__ = [
    "JobStatus",
    "Reaped",
    "Target",
    "ask_to_stop",
    "beyond_budget",
    "cost_of",
    "folder_of",
    "is_rented",
    "launch",
    "list_jobs",
    "logs",
    "machine_of",
    "new_job",
    "reap",
    "resume",
    "running_training",
    "settling",
    "show",
    "start",
    "stop",
    "submit",
    "target_named",
    "target_names",
    "unsettled",
    "watch",
]

LOOK_SECONDS = 0.2
START_LOCK_SECONDS = 120.0
SETTLE_LOCK_SECONDS = 300.0
EXIT_SECONDS = 30.0
WATCH_SECONDS = 7 * 24 * 3600.0
# A job that nobody has started for this long is not about to start while somebody watches.
UNSTARTED_SECONDS = 10.0


def new_job(kind: JobKind, spec: Mapping[str, Any], *, target: str = HERE) -> Job:
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
    with _start_lock(ws, job):
        _refuse_busy_device(ws, job)
        submit(ws, job, inputs)
        _start(ws, job, target)
    return job


def start(ws: Workspace, job_id: str, *, target: Target | None = None) -> Job:
    """Start a job that waits."""
    folder = folder_of(ws, job_id)
    with _start_lock(ws, folder.job):
        state = folder.state()
        if state != "waiting" or folder.is_alive():
            raise Conflict(f"Job {folder.path.name} is {state}.", hint=_hint_for(folder, state))
        _refuse_busy_device(ws, folder.job)
        _start(ws, folder.job, target)
    return folder.job


def resume(ws: Workspace, job_id: str, *, target: Target | None = None) -> Job:
    """A new attempt in the same folder; it goes on from the last checkpoint that verifies."""
    folder = folder_of(ws, job_id)
    with _start_lock(ws, folder.job):
        _let_it_exit(folder, lambda: _look(ws, folder, target))
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
    _look(ws, folder, target)
    state = folder.state()
    if state in FINISHED:
        raise Conflict(
            f"Job {folder.path.name} has already {state}.", hint=_hint_for(folder, state)
        )
    chosen = target or target_named(ws, folder.job.target)
    how = chosen.stop(folder, deadline_seconds)
    # A worker that was ended by force could not write its own ending.
    with _start_lock(ws, folder.job):
        if folder.state() in ("waiting", "lost") and not folder.is_alive():
            folder.append("cancelled", how=how)
    give_back(chosen, folder)
    return "never started" if state == "waiting" and how == "not running" else how


def ask_to_stop(ws: Workspace, job_id: str) -> None:
    """Ask a running job to write a checkpoint and end; does not wait for it."""
    folder = folder_of(ws, job_id)
    folder.request_stop()
    # On another machine the wish arrives with the next look; this one may be too early.
    with suppress(Unavailable):
        _look(ws, folder, None)


def watch(
    ws: Workspace,
    job_id: str,
    *,
    after: int = 0,
    deadline_seconds: float = WATCH_SECONDS,
    target: Target | None = None,
) -> Iterator[Event | JobState]:
    """The job's events above seq `after` as they come, and its state whenever that changes.

    Ends after a final state, after `lost`, when nobody starts a waiting job, or at the deadline.
    Of a job on another machine, what it left is here then. While that machine cannot be reached,
    one event of the type `log` says so, and it is tried again.
    """
    folder = folder_of(ws, job_id)
    target = target or target_named(ws, folder.job.target)
    deadline = time.monotonic() + deadline_seconds
    unstarted = time.monotonic() + UNSTARTED_SECONDS
    offset, shown, seq, trouble = 0, "", after, ""
    with target.follow(folder) as pull:
        while True:
            said = _pulled(folder, pull)
            if said and not trouble:
                yield _warning(seq, said)
            trouble = said
            # The state first: events written between the two reads are then never missed.
            state = folder.state()
            events, offset = folder.read_from(offset)
            for event in events:
                if event.seq > after:
                    seq = event.seq
                    yield event
            if state != shown:
                yield state
                shown = state
            is_over = state in (*FINISHED, "lost") and not is_awaited(folder)
            is_unstarted = state == "waiting" and not folder.is_alive() and not has_rental(folder)
            if is_unstarted and time.monotonic() > unstarted:
                is_over = True
            if is_over or time.monotonic() > deadline:
                break
            time.sleep(LOOK_SECONDS)
    give_back(target, folder)


def _warning(seq: int, text: str) -> Event:
    fields = {"seq": seq, "at": now(), "type": "log", "level": "warning", "text": text}
    return Event.model_validate(fields)


def _pulled(folder: JobFolder, pull: Callable[[], None]) -> str:
    """Bring here what is new; why that cannot be done now, or nothing."""
    try:
        pull()
    except Unavailable as error:
        return f"{error.message} Trying again; the job itself goes on."
    return ""


def _look(ws: Workspace, folder: JobFolder, target: Target | None) -> None:
    """See what a job on another machine does now; one on this machine is seen anyhow."""
    if is_elsewhere(folder.job) and is_open(folder):
        look_once(target or target_named(ws, folder.job.target), folder)


def list_jobs(
    ws: Workspace, *, newest: int | None = None, asks_targets: bool = False
) -> list[JobStatus]:
    """Every job of the workspace, or so many, the newest first.

    With `asks_targets`, other machines are asked how their jobs stand; else they stand as they
    were seen last.
    """
    _adopt(ws)
    found = ws.store.jobs.list()[:newest]
    troubles = refresh(ws, found) if asks_targets else {}
    return [_with_trouble(status_of(ws, job), troubles.get(job.id, "")) for job in found]


def show(ws: Workspace, job_id: str, *, asks_targets: bool = False) -> JobStatus:
    """One job, by its id or the beginning of it."""
    _adopt(ws)
    job = ws.store.jobs.get(job_id)
    troubles = refresh(ws, [job]) if asks_targets else {}
    status = _with_trouble(status_of(ws, job), troubles.get(job.id, ""))
    status.damaged_lines = JobFolder(ws.jobs / status.id).damaged_lines()
    return status


def _with_trouble(status: JobStatus, why: str) -> JobStatus:
    return status.model_copy(update={"trouble": why}) if why else status


def logs(ws: Workspace, job_id: str, *, tail: int = 100) -> list[str]:
    """The last lines that the job's worker printed; another machine is asked for them."""
    folder = folder_of(ws, job_id)
    refresh(ws, [folder.job])
    return folder.log_tail(tail)


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
    (target or target_named(ws, job.target)).start(JobFolder(ws.jobs / job.id))


def _let_it_exit(folder: JobFolder, look: Callable[[], None] = lambda: None) -> None:
    """Wait for a worker that has written its last word and is only taking itself down."""
    deadline = time.monotonic() + EXIT_SECONDS
    look()
    while folder.is_alive() and folder.state() in FINISHED and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
        look()


def _refuse_busy_device(ws: Workspace, job: Job) -> None:
    if job.kind != "train" or is_elsewhere(job):
        return  # the worker on another machine looks for itself
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


def _hint_for(folder: JobFolder, state: JobState) -> str:
    name = folder.path.name
    if state in ("running", "waiting") and folder.is_alive():
        return f"hone jobs watch {name}"
    return f"hone jobs show {name}" if state == "succeeded" else f"hone jobs resume {name}"


@contextmanager
def _start_lock(ws: Workspace, job: Job) -> Generator[None]:
    """One start at a time on this machine; one elsewhere takes long and holds up only itself."""
    name = f".{job.id}.start.lock" if is_elsewhere(job) else ".start.lock"
    with _waiting_for(ws, name, START_LOCK_SECONDS):
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
