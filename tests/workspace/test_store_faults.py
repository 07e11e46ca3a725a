"""A store that cannot be used says why in two lines, and nothing is left half done."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from hone.errors import Conflict, HoneError
from hone.records.review import Decision
from hone.workspace import files
from hone.workspace.open import init_workspace, open_workspace
from hone.workspace.store import Filter, Store
from hone.workspace.store.connection import explain, open_engine
from tests.workspace.conftest import row

Fill = Callable[[int], Store]


def in_two_lines(error: HoneError, *words: str) -> None:
    assert error.hint and len(str(error).splitlines()) == 2
    for word in words:
        assert word in str(error)


def decision(number: int) -> Decision:
    return Decision(op_id=f"o{number}", example_id=f"e{number}", verdict="accept", reviewer="ann")


def test_a_locked_store_says_that_another_program_holds_it(filled: Fill, tmp_path: Path) -> None:
    store = filled(1)
    other = sqlite3.connect(tmp_path / "hone.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with store.journal._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=1")
    with pytest.raises(Conflict) as told:
        store.journal.decide([decision(1)])
    in_two_lines(told.value, "locked", "hone.db")
    assert store.examples.get("e1").status == "pending", "reading goes on"
    other.execute("ROLLBACK")
    other.close()
    assert store.journal.decide([decision(1)])[0].outcome == "applied"


def test_a_full_disk_stops_an_import_between_two_batches(store: Store, tmp_path: Path) -> None:
    with store.examples._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar() or 0
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 400}")
    with pytest.raises(HoneError) as told:
        store.examples.add_many(row(number) for number in range(40_000))
    in_two_lines(told.value, "no space", "hone.db")
    kept = store.examples.counters()["pending"]
    assert kept % 10_000 == 0
    assert store.examples.count(Filter(text="number")) == kept
    store.close()
    reopened = Store.open(tmp_path / "hone.db")
    assert reopened.examples.add_many(row(n) for n in range(12_000)).taken == 12_000 - kept
    reopened.close()


def test_a_read_only_store_can_be_read_and_refuses_a_decision(filled: Fill, tmp_path: Path) -> None:
    filled(1).close()
    engine = open_engine(tmp_path / "hone.db", is_read_only=True)
    store = Store(engine, tmp_path)
    assert store.examples.get("e1").status == "pending"
    with pytest.raises(HoneError) as told:
        store.journal.decide([decision(1)])
    in_two_lines(told.value, "read-only", "permissions")
    store.close()


@pytest.mark.parametrize("damage", ["header", "middle", "short"])
def test_a_damaged_store_is_named(filled: Fill, tmp_path: Path, damage: str) -> None:
    filled(500).close()
    path = tmp_path / "hone.db"
    raw = bytearray(path.read_bytes())
    if damage == "header":
        raw[:100] = b"not a database at all" * 5
    elif damage == "middle":
        raw[8192:] = os.urandom(len(raw) - 8192)
    else:
        del raw[len(raw) // 2 :]
    path.write_bytes(raw)
    with pytest.raises(HoneError) as told:
        opened = Store.open(path)
        try:
            list(opened.examples.iterate())
        finally:
            opened.close()
    in_two_lines(told.value, "hone.db", "Restore it from a backup")


def test_a_mistake_of_ours_is_not_dressed_up_as_the_users(tmp_path: Path) -> None:
    error = sqlite3.OperationalError("no such table: eggs")
    assert explain(error, tmp_path) is error


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (errno.ENOSPC, "no space is left"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "may not write"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_a_disk_that_refuses_is_explained(tmp_path: Path, number: int, word: str) -> None:
    with pytest.raises(HoneError) as told, files.explained("write", tmp_path / "x"):
        raise OSError(number, os.strerror(number))
    in_two_lines(told.value, word, str(tmp_path / "x"))


def test_a_folder_that_is_a_file_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HoneError) as told:
        files.write_atomically(tmp_path / "file" / "x.json", "{}")
    in_two_lines(told.value, "Cannot write")


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    files.write_json(path, {"old": 1})
    with pytest.raises(TypeError):
        files.write_json(path, {"new": object()})
    with pytest.raises(UnicodeEncodeError):
        files.write_atomically(path, "\ud800")
    assert path.read_text() == '{\n "old": 1\n}\n'
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]


REVIEWER = """
import sys
import tempfile
from hone.records.review import Decision
from hone.workspace.open import open_workspace

store = open_workspace(sys.argv[1]).store
for batch in range(10_000):
    wanted = [
        Decision(op_id=f"{batch}-{n}", example_id=f"e{1 + (batch * 7 + n) % 200}",
                 verdict="edit" if n % 2 else "accept", reviewer="ann",
                 output={"answer": f"text {batch} {n}"} if n % 2 else None)
        for n in range(5)
    ]
    receipts = store.journal.decide(wanted)
    assert all(one.outcome == "applied" for one in receipts)
    print(batch, flush=True)
"""


@pytest.fixture
def reviewed(tmp_path: Path) -> Iterator[Path]:
    root = tmp_path / "w"
    workspace = init_workspace(root)
    workspace.store.examples.add_many(row(number) for number in range(1, 201))
    workspace.close()
    yield root


def kill_while_reviewing(root: Path, acknowledged_at_least: int, later: float = 0.0) -> int:
    """Starts a reviewer, kills it `later` seconds after so many batches were acknowledged.

    Gives the last batch that was acknowledged.
    """
    child = subprocess.Popen(
        [sys.executable, "-c", REVIEWER, str(root)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    last = -1
    for line in child.stdout:
        last = int(line)
        if last >= acknowledged_at_least:
            with suppress(subprocess.TimeoutExpired):
                child.wait(timeout=later)
            child.kill()
            break
    # What it still managed to say before it died was acknowledged too.
    for line in child.stdout:
        if line.endswith("\n"):
            last = int(line)
    child.wait()
    child.stdout.close()
    assert child.returncode == -9
    return last


def assert_whole(root: Path, last: int) -> None:
    """Every acknowledged batch is there, every batch is whole, and the states follow from them."""
    with open_workspace(root) as workspace:
        journal = workspace.store.journal
        batches: dict[int, int] = {}
        for one in journal.operations():
            batch = int(one.op_id.split("-")[0])
            batches[batch] = batches.get(batch, 0) + 1
        assert set(batches) >= set(range(last + 1))
        assert set(batches.values()) == {5}
        live = list(workspace.store.examples.iterate())
        counters = workspace.store.examples.counters()
        journal.rebuild()
        assert list(workspace.store.examples.iterate()) == live
        assert workspace.store.examples.counters() == counters


@pytest.mark.parametrize("instant", [0, 3, 11])
def test_a_killed_reviewer_loses_nothing_that_was_acknowledged(
    reviewed: Path, instant: int
) -> None:
    last = kill_while_reviewing(reviewed, instant)
    assert last >= instant
    assert_whole(reviewed, last)


@pytest.mark.long
@pytest.mark.parametrize("instant", range(0, 120))
def test_a_reviewer_killed_at_any_instant_loses_nothing(reviewed: Path, instant: int) -> None:
    # A batch takes a few milliseconds: the steps walk through several of them.
    assert_whole(reviewed, kill_while_reviewing(reviewed, 2, later=instant * 0.0003))


READ_ONLY_USER = """
import os, sys
import hone.workspace.store
from hone.errors import HoneError
from hone.records.review import Decision
from hone.workspace.open import open_workspace

if os.geteuid() == 0:  # the superuser may write anywhere
    open_workspace(sys.argv[1]).close()  # loads what nobody else may read from the disk
    os.setgid(65534)
    os.setuid(65534)
with open_workspace(sys.argv[1]) as workspace:
    assert workspace.store.examples.get("e1").status == "pending"
    assert workspace.store.examples.search("number")
    assert workspace.store.journal.count_bulk("accept", hone.workspace.store.Filter()) == 3
    wanted = Decision(op_id="o", example_id="e1", verdict="accept", reviewer="ann")
    try:
        workspace.store.journal.decide([wanted])
    except HoneError as error:
        print(error)
"""


def test_a_workspace_on_a_read_only_disk_can_be_read_and_says_so_when_written() -> None:
    # Not tmp_path: only its owner may enter that one.
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "w"
        with init_workspace(root) as workspace:
            workspace.store.examples.add_many(row(number) for number in (1, 2, 3))
        Path(folder).chmod(0o755)
        for path in (*root.rglob("*"), root):
            path.chmod(0o555 if path.is_dir() else 0o444)
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY_USER, str(root)], capture_output=True, text=True
        )
        for path in (root, *root.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert done.returncode == 0, done.stderr
    assert "it is read-only" in done.stdout and len(done.stdout.splitlines()) == 2
