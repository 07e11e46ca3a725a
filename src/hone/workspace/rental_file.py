"""`rental.json` in a job's folder: what was rented for it, changed by one process at a time."""

from __future__ import annotations

import secrets
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from filelock import FileLock

from hone.records.rental import Rental, Rentals
from hone.workspace.files import explained, write_atomically
from hone.workspace.job_folder import JobFolder
from hone.workspace.shared_record import SharedRecord

RECORD = SharedRecord(
    place="rental.json",
    lock=".rental.lock",
    kind=Rentals,
    hint="hone jobs reap   (asks the providers what is rented)",
)
TAG = ".tag"


def rentals_of(folder: JobFolder) -> Rentals:
    """Every rental of a job; none where nothing was ever rented for it."""
    return RECORD.read(folder)


def changing(folder: JobFolder) -> AbstractContextManager[Rentals]:
    """The rentals to change; on the disk when the block has ended well."""
    return RECORD.changing(folder)


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
