"""Asks the supervisor to carry a job out, takes that back, and says where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hone import settings
from hone.errors import Conflict
from hone.records.attempt import Attempt
from hone.records.job import Job
from hone.stages.jobs.waking import wake
from hone.workspace.job_folder import JobFolder, Ticket

if TYPE_CHECKING:
    from hone.workspace.open import Workspace

TRYING = "Trying again; the job itself goes on."
STOPPED_IN_QUEUE = "stopped before it began"
# Step -> what a person is told while the supervisor is at it; {target} is put in.
SAYS = {
    "check": "Looking whether {target} can take it.",
    "upload": "Bringing Hone and the job to {target}.",
    "start": "Starting on {target}.",
    "verify": "Checking what it left.",
    "give back": "Giving back what it held on {target}.",
    "register": "Taking in what it left.",
}


def queue_of(job: Job) -> str:
    """Jobs of one queue are carried out one after the other: trainings of a device."""
    if job.kind != "train":
        return f"{job.target}: {job.id}"
    return f"{job.target}: {job.spec.get('device', 'cpu')}"


def ask(ws: Workspace, folder: JobFolder) -> Attempt:
    """Put the job at the end of its queue and make sure that somebody carries it out.

    Conflict while it is in hand already.
    """
    if in_hand(ws, folder.path.name) is not None:
        job = folder.path.name
        raise Conflict(f"Job {job} is in hand already.", hint=f"hone jobs watch {job}")
    events = folder.events()
    last_seq = events[-1].seq if events else 0
    if events:
        # What ended the attempts before says nothing of the one that comes.
        last_seq = folder.append("queued").seq
    attempt = ws.store.attempts.ask(
        folder.path.name,
        queue=queue_of(folder.job),
        after_seq=last_seq,
        environment=settings.library_environment(),
    )
    wake(ws)
    return attempt


def in_hand(ws: Workspace, job_id: str) -> Attempt | None:
    """The attempt of this job that has not ended, or None."""
    newest = ws.store.attempts.newest(job_id)
    return newest if newest is not None and newest.is_open else None


def ticket_of(attempt: Attempt, *, is_again: bool = False) -> Ticket:
    """The attempt as targets know it."""
    return Ticket(attempt.name, attempt.after_seq, is_again, attempt.environment)


def is_unbegun(folder: JobFolder, attempt: Attempt) -> bool:
    """Whether no worker has taken the job up since this attempt was asked for."""
    return not ticket_of(attempt).has_begun(folder) and not folder.is_alive()


def withdraw(ws: Workspace, folder: JobFolder, attempt: Attempt) -> bool:
    """Take back what no worker has taken up; whether it was in time. Needs the start lock.

    Where steps were taken already, the supervisor ends the attempt: it may have to give back.
    """
    if not is_unbegun(folder, attempt):
        return False
    if not is_taken_back(folder, attempt):
        folder.append("cancelled", how="never started")
    ws.store.attempts.end(attempt.seq, STOPPED_IN_QUEUE, is_untouched=True)
    return True


def is_taken_back(folder: JobFolder, attempt: Attempt) -> bool:
    """Whether somebody stopped the job before a worker took it up."""
    since = folder.events(after=attempt.after_seq)
    return any(one.type == "cancelled" for one in since) and is_unbegun(folder, attempt)


def says(attempt: Attempt, job: Job, waiting: Sequence[Attempt]) -> str:
    """Where a job that is in hand stands, in a sentence; nothing while its worker speaks for it.

    `waiting`: every open attempt, in order.
    """
    if attempt.trouble:
        return attempt.trouble
    ahead = [one for one in waiting if one.queue == attempt.queue and one.seq < attempt.seq]
    if ahead:
        device = attempt.queue.rpartition(": ")[2]
        more = "" if len(ahead) == 1 else f", and {len(ahead) - 1} more before it"
        return f"Waiting in the queue: {ahead[0].job} has {device}{more}."
    if not attempt.step:
        return "Waiting to be taken up."
    place = "this machine" if job.target == "local" else job.target
    return SAYS.get(attempt.step, "").format(target=place)
