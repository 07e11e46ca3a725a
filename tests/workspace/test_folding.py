"""The log is folded into the file beside the work; nothing waits for a reader."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from hone.workspace.store import Store
from hone.workspace.store.folding import Folding
from tests.workspace.conftest import row

MEGABYTE = 1024 * 1024


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.db"


@pytest.fixture
def writer(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that leaves folding to others, as those of the store do."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "wal_autocheckpoint=0", "journal_size_limit=0"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE texts (text BLOB)")
    yield connection
    connection.close()


def grow(writer: sqlite3.Connection, megabytes: int) -> None:
    writer.execute("INSERT INTO texts VALUES (zeroblob(?))", (megabytes * MEGABYTE,))


def log_bytes(path: Path) -> int:
    return path.with_name(f"{path.name}-wal").stat().st_size


def test_a_long_log_is_folded_and_the_next_change_begins_it_anew(
    path: Path, writer: sqlite3.Connection
) -> None:
    folding = Folding(path, fold_bytes=2 * MEGABYTE)
    grow(writer, 1)
    folding.fold_if_long()
    folding.stop()
    assert path.stat().st_size < MEGABYTE < log_bytes(path), "a short log is left alone"
    grow(writer, 2)
    folding.fold_if_long()
    folding.stop()
    assert path.stat().st_size > 3 * MEGABYTE
    grow(writer, 0)
    assert log_bytes(path) < MEGABYTE


def test_a_writer_waits_for_the_folding_but_never_for_a_reader(
    path: Path, writer: sqlite3.Connection
) -> None:
    folding = Folding(path, fold_bytes=2 * MEGABYTE, most_bytes=2 * MEGABYTE)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM texts").fetchall()
    grow(writer, 3)
    folding.wait_if_too_long()
    assert path.stat().st_size < MEGABYTE, "what the reader must not see yet stays in the log"
    reader.close()
    folding.wait_if_too_long()
    assert path.stat().st_size > 3 * MEGABYTE
    grow(writer, 0)
    assert log_bytes(path) < MEGABYTE


def test_where_folding_fails_the_log_stays_and_nothing_is_lost(
    path: Path, writer: sqlite3.Connection
) -> None:
    folding = Folding(path.with_name("gone.db"), fold_bytes=-1)
    folding.fold_if_long()
    folding.stop()
    assert not path.with_name("gone.db").exists()


def test_a_log_that_the_folding_left_is_taken_away_at_the_end(
    path: Path, writer: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(writer, 3)
    copy = path.with_name("copy.db")  # as if both had closed at once: a log, and nobody at it
    shutil.copy(path, copy)
    shutil.copy(f"{path}-wal", f"{copy}-wal")
    folding = Folding(copy, fold_bytes=2 * MEGABYTE)
    folding.finish()
    assert log_bytes(copy) > 3 * MEGABYTE, "what others wrote is theirs to fold"
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", _refuse)
        folding.fold_if_long()
        folding.stop()
    assert log_bytes(copy) > 3 * MEGABYTE
    folding.finish()
    assert not copy.with_name("copy.db-wal").exists()
    assert copy.stat().st_size > 3 * MEGABYTE


def _refuse(*_arguments: object, **_options: object) -> sqlite3.Connection:
    raise sqlite3.OperationalError("unable to open database file")


def test_a_store_folds_what_an_import_wrote_and_closes_without_a_log(tmp_path: Path) -> None:
    path = tmp_path / "hone.db"
    store = Store.open(path)
    # About 20 MB, in two transactions.
    long = '{"question":"' + "x" * 1800 + '"}'
    store.examples.add_many(row(number, input=long) for number in range(11_000))
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT count(*) FROM examples").fetchone() == (11_000,)
    other.close()
    store.close()
    assert not path.with_name("hone.db-wal").exists()
    again = Store.open(path)
    assert again.examples.get("e10999").position == 11_000
    again.close()
