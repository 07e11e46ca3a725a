"""Watches a job: its events and states as they come, whoever brings them here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from hone.errors import Unavailable
from hone.records.job import FINISHED, Event, JobState
from hone.stages.jobs.asking import AGAIN, TRYING, in_hand, says
from hone.stages.jobs.finding import folder_of
from hone.stages.jobs.status import state_now
from hone.stages.jobs.waking import wake
from hone.stages.jobs.where import Place, give_back, has_rental, is_awaited, target_named
from hone.workspace.clock import now
from hone.workspace.job_folder import JobFolder

if TYPE_CHECKING:
    from hone.workspace.open import Workspace

LOOK_SECONDS = 0.2
WATCH_SECONDS = 7 * 24 * 3600.0
# A job that nobody has started for this long is not about to start while somebody watches.
UNSTARTED_SECONDS = 10.0


class Brought(NamedTuple):
    """What one look gave beside events."""

    is_in_hand: bool
    trouble: str


def watch(
    ws: Workspace,
    job_id: str,
    *,
    after: int = 0,
    deadline_seconds: float = WATCH_SECONDS,
    target: Place | None = None,
) -> Iterator[Event | JobState]:
    """The job's events above seq `after` as they come, and its state whenever that changes.

    Ends after a final state, after `lost`, when nobody starts a waiting job, or at the deadline;
    of a job that the supervisor has in hand, once it is done with it. Of a job on another machine,
    what it left is here then. While it waits, or that machine cannot be reached, one event of the
    type `log` says so.
    """
    folder = folder_of(ws, job_id)
    target = target or target_named(ws, folder.job.target)
    deadline = time.monotonic() + deadline_seconds
    unstarted = time.monotonic() + UNSTARTED_SECONDS
    offset, shown, seq, trouble = 0, "", after, ""
    with ExitStack() as stack:
        bring = _bringer(ws, folder, target, stack)
        while True:
            brought = bring()
            if brought.trouble and brought.trouble != trouble:
                yield _warning(seq, brought.trouble)
            trouble = brought.trouble
            # The state first: events written between the two reads are then never missed.
            state, _ = state_now(ws, folder)
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
            if (is_over and not brought.is_in_hand) or time.monotonic() > deadline:
                break
            time.sleep(LOOK_SECONDS)
    if not brought.is_in_hand:
        give_back(target, folder)


def _bringer(
    ws: Workspace, folder: JobFolder, target: Place, stack: ExitStack
) -> Callable[[], Brought]:
    """What makes sure, each time, that news come here; the supervisor where it has the job."""
    pulls: list[Callable[[], None]] = []
    job = folder.job

    def bring() -> Brought:
        attempt = in_hand(ws, job.id)
        if attempt is not None:
            wake(ws)
            return Brought(True, _worth_saying(says(attempt, job, ws.store.attempts.open())))
        if not pulls:
            pulls.append(stack.enter_context(target.follow(folder)))
        return Brought(False, _pulled(pulls[0]))

    return bring


def _worth_saying(text: str) -> str:
    """Waiting and trouble; the steps in between come and go."""
    return text if text.startswith("Waiting in") or text.endswith((TRYING, AGAIN)) else ""


def _pulled(pull: Callable[[], None]) -> str:
    """Bring here what is new; why that cannot be done now, or nothing."""
    try:
        pull()
    except Unavailable as error:
        return f"{error.message} {TRYING}"
    return ""


def _warning(seq: int, text: str) -> Event:
    fields = {"seq": seq, "at": now(), "type": "log", "level": "warning", "text": text}
    return Event.model_validate(fields)
