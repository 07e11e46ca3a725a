"""Jobs: hand one in, start, follow, stop and resume it; its state is read from its folder."""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hone.errors import Conflict, HoneError, Unavailable
from hone.records.job import FINISHED, Event, Job, JobKind, JobState, device_of
from hone.stages.jobs import asking
from hone.stages.jobs.asking import in_hand
from hone.stages.jobs.endpoint_bill import reconcile_endpoint
from hone.stages.jobs.endpoints import reserve_endpoint, settle_endpoint
from hone.stages.jobs.finding import adopt, folder_of, training_before
from hone.stages.jobs.locks import settling, starting
from hone.stages.jobs.reap import reap, rented_there
from hone.stages.jobs.reaped import Reaped
from hone.stages.jobs.rented import RentedTarget, beyond_budget, beyond_month, left_usd
from hone.stages.jobs.status import JobStatus, status_of
from hone.stages.jobs.verifying import verify
from hone.stages.jobs.waking import (
    IDENTITY,
    LOG,
    place_of,
    show_supervisor,
    supervisor_of,
    wake,
    wake_if_owed,
)
from hone.stages.jobs.watching import watch
from hone.stages.jobs.where import (
    HERE,
    Chosen,
    Place,
    Target,
    TargetOf,
    billed_of,
    cost_of,
    give_back,
    is_awaited,
    is_elsewhere,
    is_open,
    is_paid,
    is_rented,
    look_once,
    machine_of,
    refresh,
    target_named,
    target_names,
    unsupervised,
)
from hone.workspace.clock import now
from hone.workspace.job_folder import JobFolder

if TYPE_CHECKING:
    from hone.workspace.open import Workspace

__all__ = [
    "IDENTITY",
    "LOG",
    "Chosen",
    "JobStatus",
    "Reaped",
    "RentedTarget",
    "Target",
    "TargetOf",
    "ask_to_stop",
    "asking",
    "beyond_budget",
    "beyond_month",
    "billed_of",
    "cost_of",
    "folder_of",
    "give_back",
    "in_hand",
    "is_awaited",
    "is_paid",
    "is_rented",
    "launch",
    "left_usd",
    "list_jobs",
    "logs",
    "machine_of",
    "new_job",
    "place_of",
    "reap",
    "reconcile_endpoint",
    "rented_there",
    "reserve_endpoint",
    "resume",
    "settle_endpoint",
    "settling",
    "show",
    "show_supervisor",
    "start",
    "starting",
    "statuses",
    "stop",
    "submit",
    "supervisor_of",
    "target_named",
    "target_names",
    "training_before",
    "unsettled",
    "verify",
    "wake",
    "wake_if_owed",
    "watch",
]

LOOK_SECONDS = 0.2
EXIT_SECONDS = 30.0


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
    """Submit, and have the supervisor carry it out; a training waits in its device's queue.

    Who hands in a `target` starts it from here: of two trainings for one device the second is
    then refused, and nothing written.
    """
    # An unknown one is said before all else.
    starter = target or unsupervised(target_named(ws, job.target))
    if starter is None:
        submit(ws, job, inputs)
        asking.ask(ws, JobFolder(ws.jobs / job.id))
        return job
    with starting(ws, job):
        _refuse_busy_device(ws, job)
        submit(ws, job, inputs)
        starter.start(JobFolder(ws.jobs / job.id))
    return job


def start(ws: Workspace, job_id: str, *, target: Target | None = None) -> Job:
    """Start a job that waits and that nobody has in hand."""
    folder = folder_of(ws, job_id)
    with starting(ws, folder.job):
        state = folder.state()
        if state != "waiting" or folder.is_alive():
            raise Conflict(f"Job {folder.path.name} is {state}.", hint=_hint_for(folder, state))
        _start(ws, folder, target)
    return folder.job


def resume(ws: Workspace, job_id: str, *, target: Target | None = None) -> Job:
    """A new attempt in the same folder; it goes on from the last checkpoint that verifies."""
    folder = folder_of(ws, job_id)
    _let_it_be_wound_up(ws, folder)
    with starting(ws, folder.job):
        _let_it_exit(folder, lambda: _look(ws, folder, target))
        state = folder.state()
        if state in ("succeeded", "running") or folder.is_alive():
            raise Conflict(
                f"Job {folder.path.name} is {state}: there is nothing to resume.",
                hint=_hint_for(folder, state),
            )
        _start(ws, folder, target)
    return folder.job


def stop(
    ws: Workspace, job_id: str, *, deadline_seconds: float = 60.0, target: Place | None = None
) -> str:
    """Stop a job; says how: stopped (with a checkpoint), terminated, killed, or never started."""
    folder = folder_of(ws, job_id)
    if _withdrawn(ws, folder):
        if in_hand(ws, folder.path.name) is not None:
            wake(ws)  # it may have something to give back
        return "never started"
    _look(ws, folder, target)
    state = folder.state()
    if state in FINISHED:
        raise Conflict(
            f"Job {folder.path.name} has already {state}.", hint=_hint_for(folder, state)
        )
    chosen = target or target_named(ws, folder.job.target)
    how = chosen.stop(folder, deadline_seconds)
    if how == "not running" and state == "running" and folder.state() == "cancelled":
        how = "stopped"  # whoever follows the job had passed the wish on, and the worker obeyed
    # A worker that was ended by force could not write its own ending.
    with starting(ws, folder.job):
        if folder.state() in ("waiting", "lost") and not folder.is_alive():
            folder.append("cancelled", how=how)
    if in_hand(ws, folder.path.name) is None:
        give_back(chosen, folder)
    else:
        _is_wound_up(ws, folder)  # by the supervisor, which gives back too
    return "never started" if state == "waiting" and how == "not running" else how


def ask_to_stop(ws: Workspace, job_id: str) -> None:
    """Ask a running job to write a checkpoint and end; does not wait for it."""
    folder = folder_of(ws, job_id)
    folder.request_stop()
    if _withdrawn(ws, folder):
        return
    # On another machine the wish arrives with the next look; this one may be too early.
    with suppress(Unavailable):
        _look(ws, folder, None)


def _withdrawn(ws: Workspace, folder: JobFolder) -> bool:
    """Take a job back that the supervisor has in hand and no worker has begun."""
    attempt = in_hand(ws, folder.path.name)
    if attempt is None or not asking.is_unbegun(folder, attempt):
        return False
    folder.request_stop()
    with starting(ws, folder.job):
        return asking.withdraw(ws, folder, attempt)


def _look(ws: Workspace, folder: JobFolder, target: Place | None) -> None:
    """See what a job on another machine does now; one on this machine is seen anyhow."""
    if in_hand(ws, folder.path.name) is None and is_elsewhere(folder.job) and is_open(folder):
        look_once(target or target_named(ws, folder.job.target), folder)


def list_jobs(
    ws: Workspace, *, newest: int | None = None, asks_targets: bool = False
) -> list[JobStatus]:
    """Every job of the workspace, or so many, the newest first.

    With `asks_targets`, other machines are asked how their jobs stand; else they stand as they
    were seen last.
    """
    adopt(ws)
    return statuses(ws, ws.store.jobs.list()[:newest], asks_targets=asks_targets)


def show(ws: Workspace, job_id: str, *, asks_targets: bool = False) -> JobStatus:
    """One job, by its id or the beginning of it."""
    adopt(ws)
    (status,) = statuses(ws, [ws.store.jobs.get(job_id)], asks_targets=asks_targets)
    status.damaged_lines = JobFolder(ws.jobs / status.id).damaged_lines()
    return status


def statuses(
    ws: Workspace,
    found: Sequence[Job],
    *,
    asks_targets: bool = False,
    events: Mapping[str, Sequence[Event]] | None = None,
) -> list[JobStatus]:
    """How these jobs stand, in order; `events` of some, by id, where they were read already."""
    waiting = ws.store.attempts.open()
    in_hands = {attempt.job: attempt for attempt in waiting}
    troubles: dict[str, str] = {}
    if asks_targets:
        try:
            if waiting:
                wake(ws)
        except HoneError as error:
            # Jobs are listed even where nothing can carry them out.
            troubles = dict.fromkeys(in_hands, error.message)
        # What the supervisor has in hand it looks at itself.
        troubles |= refresh(ws, [job for job in found if job.id not in in_hands])
    statuses: list[JobStatus] = []
    for job in found:
        status = status_of(ws, job, events=(events or {}).get(job.id))
        attempt = in_hands.get(job.id)
        status.trouble = troubles.get(job.id, "")
        if attempt is not None and status.state in ("waiting", "running"):
            status.says = asking.says(attempt, job, waiting)
        statuses.append(status)
    return statuses


def logs(ws: Workspace, job_id: str, *, tail: int = 100) -> list[str]:
    """The last lines that the job's worker printed; another machine is asked for them."""
    folder = folder_of(ws, job_id)
    if in_hand(ws, folder.path.name) is None:
        refresh(ws, [folder.job])
    return folder.log_tail(tail)


def unsettled(ws: Workspace, kind: JobKind) -> list[JobFolder]:
    """Folders of succeeded jobs of a kind whose results are not yet registered."""
    adopt(ws)
    folders = [JobFolder(ws.jobs / job.id) for job in ws.store.jobs.unsettled() if job.kind == kind]
    return [folder for folder in folders if folder.has_result]


def _start(ws: Workspace, folder: JobFolder, target: Target | None) -> None:
    starter = target or unsupervised(target_named(ws, folder.job.target))
    if starter is None:
        folder.clear_stop()
        asking.ask(ws, folder)
        return
    _refuse_busy_device(ws, folder.job)
    folder.clear_stop()
    starter.start(folder)


def _let_it_be_wound_up(ws: Workspace, folder: JobFolder) -> None:
    """Wait for a supervisor that only has to close what has ended; Conflict where there is more."""
    if not _is_wound_up(ws, folder):
        raise Conflict(
            f"Job {folder.path.name} is {folder.state()}, and in hand.",
            hint=f"hone jobs watch {folder.path.name}",
        )


def _is_wound_up(ws: Workspace, folder: JobFolder) -> bool:
    """Wait until the supervisor is done with a job that has ended.

    False where it goes on, or takes longer than one waits.
    """
    deadline = time.monotonic() + EXIT_SECONDS
    while in_hand(ws, folder.path.name) is not None:
        wake(ws)
        if folder.state() in ("waiting", "running") or time.monotonic() > deadline:
            return False
        time.sleep(LOOK_SECONDS)
    return True


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
    other = training_before(ws, job)
    if other is not None:
        _let_it_exit(JobFolder(ws.jobs / other))
        other = training_before(ws, job)
    if other is not None:
        raise Conflict(
            f"The device {device_of(job)[0]} is busy: {other} is training.",
            hint=f"hone jobs watch {other}",
        )


def _hint_for(folder: JobFolder, state: JobState) -> str:
    name = folder.path.name
    if state in ("running", "waiting") and folder.is_alive():
        return f"hone jobs watch {name}"
    return f"hone jobs show {name}" if state == "succeeded" else f"hone jobs resume {name}"


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
