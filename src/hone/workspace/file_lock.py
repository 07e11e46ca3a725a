"""A lock on a file: one process at a time, and whoever waits too long is told."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from hone.errors import Conflict
from hone.workspace.files import explained


@contextmanager
def holding(path: Path, *, within: float, refused: str, hint: str) -> Generator[None]:
    """Holds the lock `path` for the block; the system frees it when the process ends, however.

    Raises Conflict, with these two lines, where another process keeps it for `within` seconds.
    """
    lock = FileLock(path, thread_local=False)
    with explained("write in", path.parent):
        try:
            lock.acquire(timeout=within)
        except Timeout as error:
            raise Conflict(refused, hint=hint) from error
    try:
        yield
    finally:
        lock.release()
