"""A job as people see it: the order, and what its folder says now."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from hone.errors import HoneError
from hone.records.job import Event, Job, JobKind, JobState, state_of
from hone.stages.jobs.asking import in_hand, moves_of
from hone.stages.jobs.where import billed_of
from hone.workspace.clock import now
from hone.workspace.job_folder import JobFolder, Seen
from hone.workspace.rental_file import rentals_of
from hone.workspace.submission_file import submissions_of

if TYPE_CHECKING:
    from hone.workspace.open import Workspace


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
    seen_at: datetime | None = Field(
        default=None, description="when a job on another machine was last seen there"
    )
    says: str = Field(default="", description="what it waits for, or what is being done for it")
    moves: list[str] = Field(
        default_factory=list[str], description="why it went on on another machine, each time"
    )
    rented: str = Field(default="", description="the machine that is rented for it now")
    cost_usd: float = Field(default=0.0, description="of its machines, so far")
    billed_usd: float = Field(
        default=0.0, description="of that, by the providers' own bills; the rest is measured here"
    )
    trouble: str = Field(default="", description="why its machine could not be asked now")


def status_of(ws: Workspace, job: Job, *, events: Sequence[Event] | None = None) -> JobStatus:
    """How the job stands, by its folder alone; its events are read where they are not given."""
    folder = JobFolder(ws.jobs / job.id)
    status = JobStatus(
        id=job.id,
        kind=job.kind,
        state="lost",
        target=job.target,
        created_at=job.created_at,
        folder=str(folder.path),
    )
    seen = folder.seen()
    if seen is not None:
        status.seen_at = datetime.fromtimestamp(seen.at, UTC)
    try:
        ended_for = _tell_rentals(folder, status)
        status.state, events = state_now(ws, folder, events)
        result = folder.result() if status.state == "succeeded" else None
    except HoneError as error:
        # One damaged folder must not hide the other jobs.
        status.error, status.hint = error.message, error.hint
        return status
    status.moves = moves_of(events)
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
        status.error = how_it_was_lost(seen)
    elif status.state == "cancelled" and ended_for:
        status.error = f"It was stopped: {ended_for}."
    if status.state in ("lost", "failed", "cancelled") and not status.hint:
        status.hint = f"hone jobs resume {job.id}"
    return status


def state_now(
    ws: Workspace, folder: JobFolder, events: Sequence[Event] | None = None
) -> tuple[JobState, Sequence[Event]]:
    """The state as people should see it, and the events that it was read from.

    A worker elsewhere may have ended while what it left is still on its way: the result comes
    last, and until then nothing here says whether it ended well. Somebody who has it in hand brings
    it here, so the job goes on.
    """
    # What was seen there comes before the rest, as in JobFolder.state, and is read once.
    seen = folder.seen()
    is_alive = folder.is_alive() if seen is None else seen.is_alive
    events = folder.events() if events is None else events
    state = state_of(events, is_alive=is_alive, has_result=folder.has_result)
    is_coming = state == "lost" and seen is not None and seen.is_owed
    if is_coming and in_hand(ws, folder.path.name) is not None:
        state = "running"
    return state, events


def _tell_rentals(folder: JobFolder, status: JobStatus) -> str:
    """What is rented for a job and what it costs; why its last machine was given back."""
    found = rentals_of(folder)
    cost = found.cost_at(now()) + submissions_of(folder).cost_at(now())
    status.cost_usd, status.billed_usd = round(cost, 6), round(billed_of(folder), 6)
    if (current := found.current) is not None:
        status.rented = f"{current.offer.text}, ${current.rate:.2f} an hour"
    last = submissions_of(folder).last
    if found.last is None and last is not None:
        return last.why
    return found.last.why if found.last is not None else ""


def how_it_was_lost(seen: Seen | None) -> str:
    """A sentence for a worker that wrote no ending."""
    if seen is not None and seen.note:
        return f"Its worker is gone: {seen.note.rstrip('.')}."
    code = seen.exit_code if seen is not None else None
    if code is not None and code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        more = " (killed, or out of memory)" if name == "SIGKILL" else ""
        return f"Its worker was ended by {name}{more}."
    if code:
        return f"Its worker ended without a word, with code {code}."
    return "Its worker ended without a word (killed, or the machine went down)."
