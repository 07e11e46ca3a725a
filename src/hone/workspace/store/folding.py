"""Folds the log of changes into the database file, in a thread of its own beside the work.

SQLite would fold it inside the commit that fills the log, and whoever commits would wait for the
disk twice. What is committed is in the log and safe there; folding only moves it.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

# 16 MB of log before it is folded: an import writes each page of an index less often.
FOLD_BYTES = 16 * 1024 * 1024
# A writer that fills the log faster than the disk can fold it waits here.
MOST_BYTES = 192 * 1024 * 1024


class Folding:
    """Of one database file; nothing runs before the log is long, nothing after `stop`."""

    def __init__(
        self, path: Path, *, fold_bytes: int = FOLD_BYTES, most_bytes: int = MOST_BYTES
    ) -> None:
        self._path = path
        self._fold_bytes = fold_bytes
        self._most_bytes = most_bytes
        self._log = path.with_name(f"{path.name}-wal")
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def fold_if_long(self) -> None:
        """Begins to fold a long log, unless that is being done; after a commit, and at once."""
        if self._log_bytes() <= self._fold_bytes or not self._lock.acquire(blocking=False):
            return
        try:
            if self._thread is None or not self._thread.is_alive():
                # A daemon: a program that ends need not wait, the log is kept and complete.
                self._thread = threading.Thread(target=self._fold, daemon=True)
                self._thread.start()
        finally:
            self._lock.release()

    def wait_if_too_long(self) -> None:
        """Waits for the folding under way where the log must not grow on; before a transaction.

        A log that nobody is reading any more then begins anew. A long reader keeps it growing,
        and nobody waits for a reader.
        """
        if self._log_bytes() > self._most_bytes:
            self.stop()
            self._fold()  # what came after the folding under way had begun

    def stop(self) -> None:
        """Waits for the folding under way."""
        with self._lock:
            if self._thread is not None:
                self._thread.join()

    def finish(self) -> None:
        """Waits for the folding under way, then takes away a log that it left; after the work.

        The last connection removes the log as it closes. Two that close in the same instant each
        see the other one still, and both leave it.
        """
        self.stop()
        if self._thread is not None and self._log_bytes():
            self._fold()

    def _log_bytes(self) -> int:
        try:
            return self._log.stat().st_size
        except FileNotFoundError:
            return 0

    def _fold(self) -> None:
        address = f"file:{quote(str(self._path.resolve()))}?mode=rw"
        # As SQLite itself does it: where folding fails the log stays whole, and the next one tries.
        with suppress(sqlite3.Error), closing(sqlite3.connect(address, uri=True)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
