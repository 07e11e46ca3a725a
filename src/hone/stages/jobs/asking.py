"""Asks the supervisor to carry a job out, takes that back, and says where it stands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from hone import settings
from hone.errors import Conflict
from hone.records.attempt import Attempt
from hone.records.job import Event, Job, device_of
from hone.stages.jobs.waking import wake
from hone.stages.jobs.where import is_paid
from hone.workspace.job_folder import JobFolder, Ticket
from hone.workspace.rental_file import rentals_of

if TYPE_CHECKING:
    from hone.workspace.open import Workspace

TRYING = "Trying again; the job itself goes on."
AGAIN = "Trying again."
MOST_MOVES = 2  # to another machine, of a job whose machines die
STOPPED_IN_QUEUE = "stopped before it began"
_AT_ONCE = re.compile(r" \((\d+) at once\)$")
# Step -> what a person is told while the supervisor is at it; {target} is put in.
SAYS = {
    "check": "Looking whether {target} can take it.",
    "reserve": "Setting aside what it may cost.",
    "rent": "Renting a machine from {target}.",
    "wait": "Waiting until the machine from {target} is usable.",
    "upload": "Bringing Hone and the job to {target}.",
    "rehearse": "Rehearsing on {target}: two steps and a checkpoint, before the training.",
    "submit": "Submitting job...",
    "start": "Starting on {target}.",
    "queue": "Waiting in queue...",
    "verify": "Checking what it left.",
    "give back": "Giving back what it held on {target}.",
    "settle": "Writing down what it cost.",
    "register": "Taking in what it left.",
    "reconcile": "Writing down what it cost.",
}


def queue_of(job: Job) -> str:
    """Jobs of one queue are carried out one after the other: trainings of a device.

    What is paid for has a machine or a worker of its own, and waits for nobody here.
    """
    if job.kind != "train" or is_paid(job.target):
        return f"{job.target}: {job.id}"
    device, at_once = device_of(job)
    return (
        f"{job.target}: {device}" if at_once == 1 else f"{job.target}: {device} ({at_once} at once)"
    )


def at_once_in(queue: str) -> int:
    """How many attempts of a queue are carried out at once."""
    found = _AT_ONCE.search(queue)
    return int(found.group(1)) if found else 1


def carried_out(waiting: Iterable[Attempt]) -> list[Attempt]:
    """The first attempts of each queue, as many as its device has places; the others wait."""
    places: Counter[str] = Counter()
    found: list[Attempt] = []
    for attempt in waiting:
        places[attempt.queue] += 1
        if places[attempt.queue] <= at_once_in(attempt.queue):
            found.append(attempt)
    return found


def ask(ws: Workspace, folder: JobFolder) -> Attempt:
    """Put the job at the end of its queue and make sure that somebody carries it out.

    Conflict while it is in hand already.
    """
    attempt = enqueue(ws, folder)
    wake(ws)
    return attempt


def enqueue(ws: Workspace, folder: JobFolder) -> Attempt:
    """Write the row alone; who carries it out must be awake, or be woken."""
    if in_hand(ws, folder.path.name) is not None:
        job = folder.path.name
        raise Conflict(f"Job {job} is in hand already.", hint=f"hone jobs watch {job}")
    events = folder.events()
    last_seq = events[-1].seq if events else 0
    if events:
        # What ended the attempts before says nothing of the one that comes.
        last_seq = folder.append("queued").seq
    return ws.store.attempts.ask(
        folder.path.name,
        queue=queue_of(folder.job),
        after_seq=last_seq,
        environment=settings.library_environment(),
    )


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


def moves_of(events: Sequence[Event]) -> list[str]:
    """Why the job went on on another machine, each time since a person asked for it."""
    found: list[str] = []
    for event in events:
        if event.type == "queued":
            moved = str((event.model_extra or {}).get("moved", ""))
            found = [*found, moved] if moved else []
    return found


def move_on(ws: Workspace, folder: JobFolder, attempt: Attempt, outcome: str) -> bool:
    """Ask anew in place of an attempt whose machine died; False where it has just ended.

    It goes on from what was brought here. Done again after a kill, it asks once.
    """
    last = rentals_of(folder).last
    if last is None or not last.is_lost or folder.state() not in ("lost", "waiting"):
        return False
    if folder.is_stop_requested:
        folder.append("cancelled", how="its machine was lost")
        return False
    events = folder.events()
    newest = events[-1] if events else None
    is_asked = newest is not None and newest.type == "queued" and newest.seq > attempt.after_seq
    moved = newest if is_asked else None
    if moved is None:
        if len(moves_of(events)) >= MOST_MOVES:
            if folder.state() == "waiting":
                folder.append("failed", error=outcome, hint=f"hone jobs resume {attempt.job}")
            return False
        moved = folder.append("queued", moved=last.why)
    ws.store.attempts.replace(attempt, outcome, after_seq=moved.seq)
    return True


def says(attempt: Attempt, job: Job, waiting: Sequence[Attempt]) -> str:
    """Where a job that is in hand stands, in a sentence; nothing while its worker speaks for it.

    `waiting`: every open attempt, in order.
    """
    if attempt.trouble:
        return attempt.trouble
    ahead = [one for one in waiting if one.queue == attempt.queue and one.seq < attempt.seq]
    if len(ahead) >= at_once_in(attempt.queue):
        device = attempt.queue.rpartition(": ")[2]
        more = "" if len(ahead) == 1 else f", and {len(ahead) - 1} more before it"
        return f"Waiting in the queue: {ahead[0].job} has {device}{more}."
    if not attempt.step:
        return "Waiting to be taken up."
    place = "this machine" if job.target == "local" else job.target
    return SAYS.get(attempt.step, "").format(target=place)
