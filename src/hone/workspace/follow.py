"""Follows a job by its folder to the end: progress on the way, and why it did not succeed."""

from __future__ import annotations

import time
from collections.abc import Callable

from hone.errors import HoneError
from hone.records.job import FINISHED
from hone.workspace.job_folder import JobFolder

Progress = Callable[[int, int | None], None]
LOOK_SECONDS = 0.1
FOLLOW_SECONDS = 7 * 24 * 3600.0
# A job that nobody has started for this long is not about to start while somebody waits; a worker
# may take a minute to claim it on a busy machine.
UNSTARTED_SECONDS = 120.0
LOG_TAIL_LINES = 5


def follow(
    folder: JobFolder,
    *,
    on_progress: Progress = lambda done, total: None,
    deadline_seconds: float = FOLLOW_SECONDS,
    go_on: str = "",
) -> None:
    """Return when the job has succeeded; HoneError says why it has not and how to go on.

    `go_on` is the command that goes on with it; by default `hone jobs resume ID`.
    """
    begun = time.monotonic()
    offset = 0
    while True:
        # The state first: events written between the two reads are then never missed.
        state = folder.state()
        events, offset = folder.read_from(offset)
        for event in events:
            if event.type == "progress":
                fields = event.model_extra or {}
                on_progress(int(fields.get("done") or 0), fields.get("total"))
        waited = time.monotonic() - begun
        is_unstarted = state == "waiting" and waited > UNSTARTED_SECONDS and not folder.is_alive()
        if state in (*FINISHED, "lost") or is_unstarted or waited > deadline_seconds:
            break
        time.sleep(LOOK_SECONDS)
    if state != "succeeded":
        raise _explained(folder, state, deadline_seconds, go_on)


def _explained(folder: JobFolder, state: str, deadline_seconds: float, go_on: str) -> HoneError:
    job = folder.path.name
    go_on = go_on or f"hone jobs resume {job}"
    if state == "running":
        return HoneError(
            f"{job} has not ended within {deadline_seconds:g} seconds; it goes on.",
            hint=f"hone jobs watch {job}",
        )
    said = [event for event in folder.events() if event.type == "failed"]
    if state == "failed" and said:
        fields = said[-1].model_extra or {}
        return HoneError(
            str(fields.get("error", "it failed")), hint=str(fields.get("hint", "")) or go_on
        )
    what = {
        "lost": "ended without a word: it was killed, or the machine went down",
        "cancelled": "was stopped",
        "waiting": "was not started",
    }.get(state, f"is {state}")
    tail = folder.log_tail(LOG_TAIL_LINES) if state in ("lost", "failed") else []
    shown = "\n  ".join([" The end of its log:", *tail]) if tail else ""
    return HoneError(f"{job} {what}.{shown}", hint=go_on)
