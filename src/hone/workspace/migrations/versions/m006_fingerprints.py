"""Fingerprints as words of a full-text index instead of a B-tree.

Reason: fingerprints are random, so in a large store every transaction of an import wrote nearly
every page of their B-tree anew. A full-text index appends sorted runs and merges them.
"""

from __future__ import annotations

from alembic import op

revision = "m006"
down_revision = "m005"


def upgrade() -> None:
    """Makes the index and fills it from the examples that exist."""
    op.execute(
        "CREATE VIRTUAL TABLE example_fingerprints USING fts5"
        "(start, content='', detail=none, columnsize=0, tokenize='ascii')"
    )
    op.execute(
        "INSERT INTO example_fingerprints (example_fingerprints, rank)"
        " VALUES ('hashsize', 33554432)"
    )
    op.execute(
        "INSERT INTO example_fingerprints (rowid, start)"
        " SELECT position, substr(fingerprint, 1, 12) FROM examples ORDER BY position"
    )
    op.drop_index("ix_examples_fingerprint", "examples")
