"""`rental.json` in a job's folder: what was rented for it, changed by one process at a time."""

from __future__ import annotations

import json
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from hone.errors import Conflict, InvalidInput
from hone.records.rental import Rental, Rentals
from hone.workspace.files import explained, write_atomically, write_json
from hone.workspace.job_folder import JobFolder

PLACE = "rental.json"
TAG = ".tag"
LOCK_SECONDS = 60.0


def rentals_of(folder: JobFolder) -> Rentals:
    """Every rental of a job; none where nothing was ever rented for it."""
    path = folder.path / PLACE
    try:
        return Rentals.model_validate(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return Rentals()
    except (ValueError, ValidationError) as error:
        raise InvalidInput(
            f"{path} cannot be read.", hint="hone jobs reap   (asks the providers what is rented)"
        ) from error


@contextmanager
def changing(folder: JobFolder) -> Generator[Rentals]:
    """The rentals to change; written when the block ends well, and on the disk then."""
    lock = FileLock(folder.path / ".rental.lock", thread_local=False)
    with explained("write in", folder.path):
        try:
            lock.acquire(timeout=LOCK_SECONDS)
        except Timeout as error:
            raise Conflict(
                f"Another process has been writing {folder.path / PLACE} for "
                f"{LOCK_SECONDS:g} seconds.",
                hint="hone jobs list",
            ) from error
    try:
        found = rentals_of(folder)
        yield found
        write_json(folder.path / PLACE, found.model_dump(mode="json"))
    finally:
        lock.release()


@contextmanager
def changing_current(folder: JobFolder) -> Generator[Rental | None]:
    """The open rental to change, or None where there is none."""
    with changing(folder) as found:
        yield found.current


def workspace_tag(jobs: Path) -> str:
    """Eight letters that stand in the name of everything that this workspace rents.

    Made once; beside the jobs, where no copy in git takes it along.
    """
    path = jobs / TAG
    with explained("write", path):
        jobs.mkdir(parents=True, exist_ok=True)
        with FileLock(jobs / ".tag.lock", thread_local=False):
            if not path.exists():
                write_atomically(path, secrets.token_hex(4) + "\n")
            return path.read_text().strip()
