"""Settings, store, folders, leftovers and locks: each fault is really made, then told."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from hone.records.model import ModelVersion
from hone.stages import health, jobs
from hone.stages.health.locks import KERNEL
from hone.stages.health.store import look_at_store
from hone.workspace.job_folder import JobFolder
from hone.workspace.migrations import REVISIONS
from hone.workspace.open import Workspace, look_into
from tests.faults.orders import training
from tests.stages.health.conftest import Look, device
from tests.stages.training_set import freeze


def told(found: list[health.Finding]) -> list[tuple[str, str]]:
    return [(one.level, one.what) for one in found]


def sql(ws: Workspace, *statements: str) -> None:
    with sqlite3.connect(ws.root / "hone.db") as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def state_of_files(root: Path) -> dict[str, bytes]:
    # What SQLite keeps in memory that processes share is no part of the store.
    files = (path for path in root.rglob("*") if path.is_file() and path.suffix != ".db-shm")
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def test_a_workspace_that_is_well_gives_nothing_to_mend_and_is_left_as_it_is(
    ws: Workspace, look: Look
) -> None:
    before = state_of_files(ws.root)
    assert look() == []
    assert state_of_files(ws.root) == before
    ws.close()
    before = {**state_of_files(ws.root)}
    assert look() == []
    assert state_of_files(ws.root) == before and not (ws.root / "hone.db-shm").exists()


def test_what_a_killed_process_left_in_the_log_is_seen_and_left_there(
    ws: Workspace, look: Look
) -> None:
    ws.close()
    code = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
        " c.execute('PRAGMA wal_autocheckpoint=0');"
        " c.execute(\"UPDATE states SET status='accepted' WHERE position=20\"); c.commit();"
        " os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(ws.root / "hone.db")], check=False)
    assert (ws.root / "hone.db-wal").stat().st_size
    before = state_of_files(ws.root)
    (found,) = look()
    assert "journal" in found.what and state_of_files(ws.root) == before


def test_damaged_pages_are_a_problem_with_a_way_out(ws: Workspace, look: Look) -> None:
    ws.close()
    path = ws.root / "hone.db"
    raw = bytearray(path.read_bytes())
    for page in range(10, len(raw) // 8192):
        raw[page * 8192 : page * 8192 + 64] = b"\xff" * 64
    path.write_bytes(raw)
    found = look()
    assert found and found[0].level == "problem" and found[0].part == "workspace"
    assert "damaged" in found[0].what and found[0].mend


def test_a_file_that_is_no_database_is_a_problem(ws: Workspace, look: Look) -> None:
    ws.close()
    (ws.root / "hone.db").write_text("no database" * 1000)
    ((level, what),) = told(look())
    assert level == "problem" and "not a database" in what
    (ws.root / "hone.db").unlink()
    ((level, what),) = told(look())
    assert level == "problem" and "is gone" in what


def test_a_store_of_another_version_is_told_and_not_brought_up_to_date(
    ws: Workspace, look: Look
) -> None:
    ws.close()
    sql(ws, f"UPDATE alembic_version SET version_num = '{REVISIONS[-2]}'")
    before = state_of_files(ws.root)
    ((level, what),) = told(look())
    assert level == "warning" and "earlier Hone" in what and state_of_files(ws.root) == before
    sql(ws, "UPDATE alembic_version SET version_num = 'm999'")
    (found,) = look()
    assert found.level == "problem" and "pip install --upgrade" in found.mend


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE states SET status = 'accepted' WHERE position = 20", "counted as"),
        ("UPDATE tally SET examples = examples + 1 WHERE status = 'pending'", "counted as pending"),
        ("UPDATE states SET last_operation = NULL WHERE last_operation = 3", "newest decisions"),
    ],
)
def test_a_projection_that_differs_from_the_journal_is_told_and_can_be_derived_anew(
    ws: Workspace, look: Look, statement: str, words: str
) -> None:
    sql(ws, statement)
    (found,) = look()
    assert found.level == "problem" and words in found.what
    assert found.mend.startswith("hone doctor --rebuild")
    ws.store.journal.rebuild()
    assert look() == []


def test_examples_that_stand_nowhere_are_told(ws: Workspace, look: Look) -> None:
    sql(ws, "DELETE FROM states WHERE position = 20")
    (found,) = look()
    assert found.level == "problem" and "1 of the stored examples stand" in found.what
    assert found.mend.startswith("Restore")


def test_a_store_too_large_for_the_time_is_looked_at_as_far_as_it_goes(ws: Workspace) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)"
    sql(ws, f"CREATE TABLE filler AS {numbers} SELECT i FROM n")
    with look_into(ws.root) as looked:
        *_, in_part = look_at_store(looked, seconds=0.0)
        *_, whole = look_at_store(looked, seconds=60.0)
    assert in_part.level == whole.level == "ok"
    assert "too large to be read whole" in in_part.what and "pages are sound" in whole.what


def test_settings_and_tasks_that_cannot_be_read_are_told(ws: Workspace, look: Look) -> None:
    (ws.root / "tasks" / "other.yaml").write_text("name: [")
    assert [one.part for one in look()] == ["workspace"]
    (ws.root / "hone.yaml").write_text("no_such_key: 1\n")
    (found,) = look()
    assert found.level == "problem" and "no_such_key" in found.what


def test_rows_without_folders_and_folders_without_rows_are_told(ws: Workspace, look: Look) -> None:
    gone = jobs.submit(ws, training(), {})
    JobFolder.create(ws.jobs / "train-20261120-120000-aaaa", training(), inputs={})
    (ws.jobs / "train-20261120-120000-bbbb" / "inputs").mkdir(parents=True)
    (ws.datasets / "stray@1").mkdir()
    shutil.rmtree(ws.jobs / gone.id)
    found = {one.what: one for one in look()}
    lost = found.pop(f"the folders of jobs are gone: {gone.id}")
    assert lost.level == "problem"
    assert {what.rpartition(": ")[2] for what in found} == {
        "train-20261120-120000-aaaa",
        "train-20261120-120000-bbbb",
        "stray@1",
    }
    assert {one.level for one in found.values()} == {"warning"}


def test_folders_of_a_dataset_and_of_a_model_that_are_gone_are_problems(
    ws: Workspace, look: Look
) -> None:
    freeze(ws, "faith", 20, 4)
    model = ModelVersion(name="pickup", version="v1", base="hone-nano", kind="lora")
    home = ws.models / "pickup" / "v1"
    home.mkdir(parents=True)
    ws.store.models.register(model, home)
    assert look() == []
    shutil.rmtree(ws.datasets / "faith@1")
    shutil.rmtree(home)
    assert told(look()) == [
        ("problem", "the folders of datasets are gone: faith@1"),
        ("problem", "the folders of models are gone: pickup@v1"),
    ]


def test_what_a_kill_left_half_written_is_told_once_it_is_old(ws: Workspace, look: Look) -> None:
    aside = ws.root / "reports" / ".report.json.k2j4x_9a"
    aside.write_bytes(b"x" * 2048)
    dataset = ws.datasets / ".faith.ab12cd34"
    dataset.mkdir()
    kept = ws.jobs / ".cpu.lock"
    kept.touch()
    assert look() == []
    long_ago = aside.stat().st_mtime - 7200
    for path in (aside, dataset, kept):
        os.utime(path, (long_ago, long_ago))
    (found,) = look()
    assert found.level == "warning" and "2 half-written files" in found.what
    assert str(aside) in found.mend and str(dataset) in found.mend


@pytest.mark.skipif(not KERNEL.exists(), reason="only Linux says who holds a lock")
def test_a_lock_that_outlives_its_worker_is_told_with_its_process(
    ws: Workspace, look: Look
) -> None:
    job = jobs.submit(ws, training(), {})
    (ws.jobs / ".cpu.holder").write_text(job.id)
    for path in (ws.jobs / ".cpu.lock", ws.jobs / job.id / "worker.lock"):
        with path.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (found,) = look()
            assert found.level == "problem" and path.name in found.what and job.id in found.what
            assert found.mend == f"kill {os.getpid()}"
        assert look() == []


def test_outside_of_a_workspace_the_machine_alone_is_looked_at() -> None:
    found = health.examine(None, device())
    assert found.workspace is None
    assert {one.part for one in found.findings} == {"machine", "packages"}
