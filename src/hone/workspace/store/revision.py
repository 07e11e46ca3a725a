"""Which schema a database has, in one question; Alembic is loaded only where it must change."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine

from hone.errors import HoneError, WorkspaceTooNew, WorkspaceTooOld
from hone.workspace.migrations import REVISIONS
from hone.workspace.store.connection import reading, writing
from hone.workspace.store.schema import create_all

HEAD = REVISIONS[-1]


def bring_up_to_date(engine: Engine, path: Path) -> None:
    """Leaves the database at the newest revision, or refuses it and leaves it as it was."""
    with reading(engine) as connection:
        revision = _revision(connection)
    if revision == HEAD:
        return
    _refuse_newer(revision, path)
    with writing(engine) as connection:
        # Another process may have done it while this one waited for the lock.
        revision = _revision(connection)
        if revision == HEAD:
            return
        if revision is None:
            _refuse_foreign(connection, path)
            create_all(connection)
            _stamp(connection)
        else:
            _upgrade(connection)


def refuse_other_revisions(engine: Engine, path: Path) -> None:
    """Refuses a database that is not at the newest revision; changes none."""
    with reading(engine) as connection:
        revision = _revision(connection)
        if revision is None:
            _refuse_foreign(connection, path)
    _refuse_newer(revision, path)
    if revision != HEAD:
        raise WorkspaceTooOld(
            f"The store {path} was written by an earlier Hone: revision {revision or 'none'}.",
            hint="hone examples stats   (any command brings it up to date)",
        )


def _refuse_newer(revision: str | None, path: Path) -> None:
    if revision is not None and revision not in REVISIONS:
        raise WorkspaceTooNew(
            f"The store {path} has the revision {revision}, this Hone knows them up to {HEAD}.",
            hint="Update Hone: pip install --upgrade hone-studio",
        )


def _revision(connection: Connection) -> str | None:
    exists = connection.exec_driver_sql(
        "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
    ).scalar()
    if not exists:
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _refuse_foreign(connection: Connection, path: Path) -> None:
    found = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' LIMIT 1"
    ).scalar()
    if found is not None:
        raise HoneError(
            f"The database {path} was not made by Hone: it holds a table {found}.",
            hint="Move the file away, then run the same command.",
        )


def _stamp(connection: Connection) -> None:
    connection.exec_driver_sql(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
        " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (HEAD,))


def _upgrade(connection: Connection) -> None:
    from hone.workspace.migrations.run import upgrade

    upgrade(connection, HEAD)
