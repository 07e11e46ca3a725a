"""Carry one job out: `python -m hone.worker FOLDER`; the same command on every machine.

Reads job.json, claims the folder, appends events.jsonl, writes artefacts, result.json last.
Exit codes: 0 done or stopped at a checkpoint, 1 an error that the user can mend, 70 a bug.
"""

from __future__ import annotations

import signal
import sys
import traceback
from pathlib import Path
from types import FrameType

from hone import settings
from hone.errors import HoneError
from hone.settings import Seat
from hone.worker.ranks import (
    Following,
    launch,
    note_ending,
    processes_of,
    refuse_other_launch,
    take_seat,
)
from hone.workspace.job_folder import JobFolder

DONE, USER_ERROR, USAGE, BUG = 0, 1, 2, 70


def main(arguments: list[str]) -> int:
    """Carry the job in the folder out; every outcome leaves its last event."""
    if len(arguments) != 1:
        print("usage: python -m hone.worker FOLDER", file=sys.stderr)
        return USAGE
    seat = settings.seat()
    is_first = seat is None or seat.rank == 0
    folder = (JobFolder if is_first else Following)(Path(arguments[0]))
    try:
        if folder.has_result:
            return DONE
        kind = folder.job.kind
        if is_first and not (seat and seat.is_own):
            folder.claim()
    except HoneError as error:
        # Without the claim nothing may be written: the folder may be another worker's.
        print(error, file=sys.stderr)
        return USER_ERROR
    _listen(folder, seat)
    try:
        return _carry_out(folder, kind, seat)
    except HoneError as error:
        print(error, file=sys.stderr, flush=True)
        _tell(folder, seat, error)
        return USER_ERROR
    except Exception as error:
        traceback.print_exc()
        sys.stderr.flush()
        said = f"{type(error).__name__}: {error}".splitlines()[0]
        hint = f"hone jobs logs {folder.path.name}"
        _tell(folder, seat, HoneError(said, hint=hint), is_bug=True)
        return BUG


def _tell(folder: JobFolder, seat: Seat | None, error: HoneError, *, is_bug: bool = False) -> None:
    """The job has failed; of several processes only the one that claimed it says so."""
    if seat is not None and seat.is_own:
        note_ending(folder, seat, error, is_bug=is_bug)
    else:
        folder.append("failed", error=error.message, hint=error.hint)


def _carry_out(folder: JobFolder, kind: str, seat: Seat | None) -> int:
    refuse_other_launch(folder.job, seat)
    processes = processes_of(folder.job)
    if processes > 1 and seat is None:
        launch(folder, processes)
        return DONE
    if processes > 1:
        from hone.worker.train import carry_out_together as carry_out
    elif kind == "train":
        from hone.worker.train import carry_out
    elif kind in ("evaluate", "suggest"):
        # A suggestion is an answer to something that nobody has answered yet: the work is the same.
        from hone.worker.evaluate import carry_out
    elif kind == "export":
        from hone.worker.merge import carry_out
    else:
        raise HoneError(
            f'This version of Hone has no worker for jobs of the kind "{kind}".',
            hint="Kinds: train, evaluate, suggest, export.",
        )
    result = carry_out(folder)
    if result is None:
        folder.append("cancelled")
    else:
        folder.write_result(result)
    return DONE


def _listen(folder: JobFolder, seat: Seat | None) -> None:
    """A polite signal asks for a stop at the next safe place, as the file `stop` does."""
    if seat is not None and seat.size > 1:
        take_seat(folder, seat)
        return

    def ask(number: int, frame: FrameType | None) -> None:
        folder.request_stop()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
