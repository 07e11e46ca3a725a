"""The whole schema: every table, and what only SQLite knows.

Migrations build exactly this, and a test compares them.
"""

from __future__ import annotations

from sqlalchemy import Connection

# Both hang their tables on the metadata of `tables`: asked here, all are there.
from hone.workspace.store import feedback_tables, work_tables

metadata = work_tables.metadata
_APPEND_ONLY = (
    "operations",
    "activations",
    "ledger",
    "repeat_acts",
    feedback_tables.flag_resolutions.name,
    feedback_tables.promotions.name,
)

SQLITE_ONLY: tuple[str, ...] = (
    *(
        f"CREATE TRIGGER {table}_refuse_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in _APPEND_ONLY
        for verb in ("UPDATE", "DELETE")
    ),
    # Fingerprints are random: a B-tree of them would be written anew, nearly whole, by every
    # transaction of an import. A full-text index appends sorted runs and merges them.
    "CREATE VIRTUAL TABLE example_fingerprints USING fts5"
    "(start, content='', detail=none, columnsize=0, tokenize='ascii')",
    # Only the index is kept: the text itself already stands in `examples` and `operations`.
    *(
        f"CREATE VIRTUAL TABLE {table} USING fts5"
        "(text, content='', tokenize='unicode61 remove_diacritics 2')"
        for table in ("example_search", "edit_search")
    ),
    # The default buffer of 1 MB would write and merge twice as much during an import.
    *(
        f"INSERT INTO {table} ({table}, rank) VALUES ('hashsize', {32 * 1024 * 1024})"
        for table in ("example_fingerprints", "example_search", "edit_search")
    ),
)


def create_all(connection: Connection) -> None:
    """Creates the whole schema in an empty database."""
    metadata.create_all(connection)
    for statement in SQLITE_ONLY:
        connection.exec_driver_sql(statement)
