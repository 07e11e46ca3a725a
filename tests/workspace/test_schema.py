"""Migrations build exactly the schema that the tables describe, and keep what was there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine

from hone.errors import HoneError, WorkspaceTooNew
from hone.workspace.migrations import REVISIONS
from hone.workspace.migrations.run import configuration, upgrade
from hone.workspace.store import Filter, Store
from hone.workspace.store.connection import open_engine, writing
from hone.workspace.store.schema import create_all


def schema(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT type || ' ' || name AS name, sql FROM sqlite_master"
            " WHERE name NOT LIKE '%alembic_version%'"
        )
        return {row.name: " ".join((row.sql or "").split()) for row in rows}


def migrated(path: Path, revision: str) -> Engine:
    engine = open_engine(path)
    with writing(engine) as connection:
        upgrade(connection, revision)
    return engine


def test_migrations_from_nothing_build_exactly_the_tables(tmp_path: Path) -> None:
    described = create_engine("sqlite://")
    with described.begin() as connection:
        create_all(connection)
    assert schema(migrated(tmp_path / "a.db", "head")) == schema(described)


def test_the_list_of_revisions_is_the_chain_of_files() -> None:
    scripts = list(ScriptDirectory.from_config(configuration()).walk_revisions())
    assert tuple(script.revision for script in reversed(scripts)) == REVISIONS


def test_every_revision_gives_its_reason() -> None:
    for script in ScriptDirectory.from_config(configuration()).walk_revisions():
        assert "Reason:" in (script.module.__doc__ or ""), script.revision


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_upgrade_from_any_revision_keeps_examples_and_reviews(
    tmp_path: Path, revision: str
) -> None:
    path = tmp_path / "hone.db"
    engine = migrated(path, revision)
    with writing(engine) as connection:
        fill_as_of_m001(connection.exec_driver_sql)
    engine.dispose()
    store = Store.open(path)
    kept = store.examples.get("b")
    assert (kept.status, kept.output, kept.reviewer, kept.version) == (
        "edited",
        {"answer": "drei Kürbisse"},
        "ann",
        2,
    )
    assert store.examples.counters()["pending"] == 1
    assert [one.op_id for one in store.journal.history("b")] == ["op-1"]
    if revision < "m003":
        # What the upgrade itself indexed; a later database was indexed as it was filled.
        assert [one.id for one in store.examples.search("zwei")] == ["a"]
        assert [one.id for one in store.examples.search("kurbisse")] == ["b"]
    assert store.examples.page(Filter(status=("edited",))).items == [kept]
    store.close()


def test_an_upgrade_knows_who_decided_and_what_was_suggested(tmp_path: Path) -> None:
    path = tmp_path / "hone.db"
    engine = migrated(path, "m003")
    with writing(engine) as connection:
        fill_as_of_m001(connection.exec_driver_sql)
        for position, score, further in (
            (3, 0.25, """[{"agent":"rules","output":{"answer":"y"},"score":null}]"""),
            (4, 0.5, """[{"agent":"rules","output":{"answer":"x"},"score":null}]"""),
        ):
            connection.exec_driver_sql(
                "INSERT INTO examples (position, id, task, input, proposal, proposal_score,"
                """ suggestions, fingerprint) VALUES (?, ?, 'qa', '{}', '{"answer":"x"}',"""
                " ?, ?, '')",
                (position, str(position), score, further),
            )
            connection.exec_driver_sql(
                "INSERT INTO states (position, task, status, version)"
                f" VALUES ({position}, 'qa', 'pending', 1)"
            )
    engine.dispose()
    Store.open(path).close()
    with sqlite3.connect(path) as found:
        rows = found.execute("SELECT reviewer, certainty, agreement FROM states").fetchall()
        version = found.execute("SELECT version FROM states WHERE position = 2").fetchone()
    found.close()
    assert rows == [(None, 1e300, None), ("ann", 1e300, None), (None, 0.25, 0), (None, 0.5, 1)]
    assert version == (2,)


def test_an_upgrade_finds_the_same_content_as_before(tmp_path: Path) -> None:
    path = tmp_path / "hone.db"
    engine = migrated(path, "m005")
    with writing(engine) as connection:
        fill_as_of_m001(connection.exec_driver_sql)
        connection.exec_driver_sql(
            "INSERT INTO examples (position, id, task, input, fingerprint)"
            " VALUES (3, 'twin', 'qa', '{}', 'f1')"
        )
        connection.exec_driver_sql(
            "INSERT INTO states (position, task, status, version) VALUES (3, 'qa', 'pending', 1)"
        )
    engine.dispose()
    store = Store.open(path)
    assert [one.id for one in store.likeness.same(store.examples.get("a"), limit=5)] == ["twin"]
    assert not store.likeness.same(store.examples.get("b"), limit=5)
    store.close()


def fill_as_of_m001(run: Callable[[str], object]) -> None:
    run(
        "INSERT INTO examples (position, id, task, input, proposal, proposal_agent, fingerprint)"
        """ VALUES (1, 'a', 'qa', '{"question":"eins zwei"}', '{"answer":"x"}', 'import', 'f1'),"""
        """ (2, 'b', 'qa', '{"question":"drei"}', '{"answer":"vier"}', 'import', 'f2')"""
    )
    run(
        "INSERT INTO operations (seq, op_id, kind, at, reviewer, verdict, position, new_output,"
        " answer, version, changed, kept) VALUES (1, 'op-1', 'decide',"
        " '2026-11-20T10:00:00.000000Z', 'ann', 'edit', 2,"
        """ '{"answer":"drei Kürbisse"}', 1, 2, 1, 0)"""
    )
    run("INSERT INTO effects (position, seq, status, answer) VALUES (2, 1, 'edited', 1)")
    run(
        "INSERT INTO states (position, task, status, version, last_operation, answer)"
        " VALUES (1, 'qa', 'pending', 1, NULL, NULL), (2, 'qa', 'edited', 2, 1, 1)"
    )
    run(
        "INSERT INTO tally (task, status, examples)"
        " VALUES ('qa', 'pending', 1), ('qa', 'edited', 1)"
    )


def test_an_upgrade_that_is_interrupted_leaves_the_old_revision(tmp_path: Path) -> None:
    path = tmp_path / "hone.db"
    engine = migrated(path, "m001")
    before = schema(engine)
    with pytest.raises(RuntimeError, match="power cut"), writing(engine) as connection:
        upgrade(connection, "head")
        raise RuntimeError("power cut")
    assert schema(engine) == before
    engine.dispose()
    Store.open(path).close()


def test_a_store_of_a_later_revision_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "hone.db"
    Store.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'm999'")
    connection.close()
    with pytest.raises(WorkspaceTooNew, match="m999") as told:
        Store.open(path)
    assert "pip install --upgrade" in told.value.hint


def test_a_database_of_another_program_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "hone.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    with pytest.raises(HoneError, match="was not made by Hone"):
        Store.open(path)
    with sqlite3.connect(path) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    connection.close()
    assert tables == [("recipes",)]


@pytest.mark.parametrize(
    "table",
    ["operations", "activations", "ledger", "repeat_acts", "flag_resolutions", "promotions"],
)
def test_append_only_tables_refuse_update_delete_and_replace(tmp_path: Path, table: str) -> None:
    engine = migrated(tmp_path / "hone.db", "head")
    rows = {
        "operations": "(seq, op_id, kind, at, reviewer, changed, kept)"
        " VALUES (1, 'o', 'bulk', '', 'ann', 0, 0)",
        "activations": "(seq, name, at, reviewer, note) VALUES (1, 'm', '', 'ann', '')",
        "ledger": "(seq, at, job, kind, what, amount_microusd, note)"
        " VALUES (1, '', 'j', 'spent', 'gpu', 1, '')",
        "repeat_acts": "(number, op_id, repeat, kind, at, after_seq)"
        " VALUES (1, 'o', 1, 'decide', '', 0)",
        "flag_resolutions": "VALUES (1, 'o', '', 'ann', 2, 'e', 'm', 'skip', '', '', 0, '', NULL)",
        "promotions": "VALUES (1, '', 'ann', 2, 2, '')",
    }
    with writing(engine) as connection:
        if table in ("repeat_acts", "flag_resolutions", "promotions"):
            fill_as_of_m001(connection.exec_driver_sql)
        if table == "repeat_acts":
            connection.exec_driver_sql("INSERT INTO repeats VALUES (1, 'x', 'ann', 2, 1, 1, '')")
        connection.exec_driver_sql(f"INSERT INTO {table} {rows[table]}")
    for attempt in (
        f"UPDATE {table} SET at = 'x'",
        f"DELETE FROM {table}",
        f"REPLACE INTO {table} {rows[table]}",
    ):
        with pytest.raises(Exception, match="append-only"), writing(engine) as connection:
            connection.exec_driver_sql(attempt)
    with engine.connect() as connection:
        assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 1
