"""One engine per database file: pragmas, transactions, and the sentences for what goes wrong."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from hone.errors import StoreLocked, Unavailable
from hone.workspace.store.folding import Folding

# Larger pages than SQLite's 4 kB make an import a tenth faster.
PAGE_BYTES = 8192
BUSY_TIMEOUT_SECONDS = 10.0
CACHE_KIB = 64 * 1024

_REFUSALS: dict[str, tuple[str, str]] = {
    "SQLITE_READONLY": (
        "it is read-only",
        "Copy the workspace to a folder that you can write to, or change its permissions.",
    ),
    "SQLITE_FULL": ("no space is left on the disk", "Free some space, then run the same command."),
    "SQLITE_CORRUPT": (
        "the file is damaged",
        "Restore it from a backup, or rescue what is left with: sqlite3 FILE .recover",
    ),
    "SQLITE_NOTADB": (
        "the file is not a database",
        "Restore it from a backup; move the file away to begin an empty store.",
    ),
    "SQLITE_CANTOPEN": ("it cannot be opened", "Check the path and the permissions of the folder."),
    "SQLITE_PERM": ("this user may not open it", "Change the permissions of the folder."),
    "SQLITE_IOERR": ("the disk failed to read or write", "Check the disk, then try again."),
}


def open_engine(path: Path, *, is_read_only: bool = False) -> Engine:
    """An engine whose every connection is durable: WAL, synchronous=FULL, foreign keys on.

    Read-only, a store that was closed properly (it has no log) is opened without the files that
    SQLite would have to write beside it, so that it can be read from a read-only disk.
    """
    mode = "rwc" if not is_read_only else "ro&immutable=1" if _is_closed(path) else "ro"
    engine = create_engine(
        f"sqlite:///file:{_quoted(path)}?mode={mode}&uri=true",
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS},
    )
    folding = Folding(path)

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: Any) -> None:
        # Hone says itself where a transaction begins; the driver would begin it too late,
        # after the first read, where a lock can no longer be waited for.
        connection.isolation_level = None
        try:
            for pragma in _pragmas(is_read_only):
                connection.execute(pragma)
        except sqlite3.Error as error:
            raise explain(error, path) from error

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        will_write = connection.get_execution_options().get("hone_will_write", False)
        if will_write:
            folding.wait_if_too_long()
        connection.exec_driver_sql("BEGIN IMMEDIATE" if will_write else "BEGIN")

    if not is_read_only:

        @event.listens_for(engine, "checkin")
        def _fold(_connection: Any, _record: Any) -> None:
            folding.fold_if_long()

        @event.listens_for(engine, "engine_disposed")
        def _stop(_engine: Engine) -> None:
            folding.finish()

    @event.listens_for(engine, "handle_error")
    def _explain(context: Any) -> None:
        if isinstance(context.original_exception, sqlite3.Error):
            told = explain(context.original_exception, path)
            if told is not context.original_exception:
                raise told from context.original_exception

    return engine


@contextmanager
def reading(engine: Engine) -> Generator[Connection, None, None]:
    """One consistent view of the store: what others write meanwhile is not seen."""
    with engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Generator[Connection, None, None]:
    """One transaction that holds the write lock from its start; on the disk when it ends."""
    with engine.connect().execution_options(hone_will_write=True) as connection, connection.begin():
        yield connection


def set_cache(connection: Connection, kib: int = CACHE_KIB) -> None:
    """How much of the file this connection keeps in memory, at most."""
    connection.exec_driver_sql(f"PRAGMA cache_size=-{kib}")


def explain(error: sqlite3.Error, path: Path) -> Exception:
    """The two lines for an error of the database; a mistake of ours comes back as it is."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreLocked(
            f"The store {path} is locked by another program.",
            hint="Wait until it has finished (an import, an upgrade), then run the same command.",
        )
    for code, (reason, hint) in _REFUSALS.items():
        if name.startswith(code):
            return Unavailable(f"Cannot use the store {path}: {reason}.", hint=hint)
    return error


def _is_closed(path: Path) -> bool:
    """Whether the file alone holds everything, and nobody who could write has it open."""
    log, shared = (path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm"))
    if log.exists() and log.stat().st_size:
        return False
    return not shared.exists() or not os.access(path.parent, os.W_OK)


def _pragmas(is_read_only: bool) -> tuple[str, ...]:
    lasting = (
        f"PRAGMA page_size={PAGE_BYTES}",  # counts only while the file is made
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "PRAGMA wal_autocheckpoint=0",  # `folding` does it, and not within a commit
        "PRAGMA journal_size_limit=0",  # a log begun anew is cut: its size tells what it holds
    )
    return (
        f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_SECONDS * 1000)}",
        *(() if is_read_only else lasting),
        "PRAGMA foreign_keys=ON",
        "PRAGMA recursive_triggers=ON",  # so that REPLACE cannot slip past an append-only table
        f"PRAGMA cache_size=-{CACHE_KIB}",
        "PRAGMA temp_store=MEMORY",
    )


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path.resolve()))
