"""What a page of a million examples walks: by certainty, by reviewer, by time, by group.

Reason: a reviewer asks for the least certain examples first, for the decisions of one person or
of one week, and accepts a hundred thousand at once. Each of these needs an index, and an index
needs its columns in one table, so `states` gets the reviewer of its last operation and what is
known of the suggestions.
"""

from __future__ import annotations

import json
from typing import Any

from alembic import op
from sqlalchemy import (
    Column,
    Float,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Text,
    text,
)

revision = "m004"
down_revision = "m003"


def upgrade() -> None:
    """Makes `states` anew with three more columns, and the indices."""
    op.drop_index("ix_states_task_status_position", "states")
    op.rename_table("states", "states_of_m003")
    _states()
    op.execute(
        "INSERT INTO states (position, task, status, version, last_operation, answer,"
        " note_operation, reviewer, agreement, certainty)"
        " SELECT s.position, s.task, s.status, s.version, s.last_operation, s.answer,"
        " s.note_operation, o.reviewer, CASE WHEN e.proposal_score IS NOT NULL THEN 1 END,"
        " coalesce(e.proposal_score, 1e300)"
        " FROM states_of_m003 s JOIN examples e ON e.position = s.position"
        " LEFT JOIN operations o ON o.seq = s.last_operation ORDER BY s.position"
    )
    op.drop_table("states_of_m003")
    _mark_contradictions()
    _indices()
    _tallies()


def _states() -> None:
    op.create_table(
        "states",
        Column("position", Integer, nullable=False),
        Column("task", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("last_operation", Integer),
        Column("answer", Integer),
        Column("note_operation", Integer),
        Column("reviewer", Text),
        Column("agreement", Integer),
        Column("certainty", Float, nullable=False, server_default=text("1e300")),
        PrimaryKeyConstraint("position", name="pk_states"),
        ForeignKeyConstraint(["position"], ["examples.position"], name="fk_states_position"),
    )


def _mark_contradictions() -> None:
    connection = op.get_bind()
    rows = connection.exec_driver_sql(
        "SELECT position, proposal, suggestions FROM examples"
        " WHERE suggestions IS NOT NULL AND proposal IS NOT NULL"
    )
    contradicted = [(row.position,) for row in rows if _is_contradicted(row)]
    if contradicted:
        connection.exec_driver_sql(
            "UPDATE states SET agreement = 0 WHERE position = ?", contradicted
        )


def _is_contradicted(row: Any) -> bool:
    first = json.loads(row.proposal)
    return any(one["output"] != first for one in json.loads(row.suggestions))


def _indices() -> None:
    op.create_index("ix_states_task_status_position", "states", ["task", "status", "position"])
    op.create_index(
        "ix_states_task_status_agreement_certainty_position",
        "states",
        ["task", "status", "agreement", "certainty", "position"],
        sqlite_where=text("agreement IS NOT NULL"),
        postgresql_where=text("agreement IS NOT NULL"),
    )
    op.create_index(
        "ix_states_reviewer_position",
        "states",
        ["reviewer", "position"],
        sqlite_where=text("reviewer IS NOT NULL"),
        postgresql_where=text("reviewer IS NOT NULL"),
    )
    op.create_index(
        "ix_examples_group_key_position",
        "examples",
        ["group_key", "position"],
        sqlite_where=text("group_key IS NOT NULL"),
        postgresql_where=text("group_key IS NOT NULL"),
    )
    op.create_index(
        "ix_examples_unanswered",
        "examples",
        ["position"],
        sqlite_where=text("proposal IS NULL"),
        postgresql_where=text("proposal IS NULL"),
    )
    op.create_index("ix_operations_at", "operations", ["at"])


def _tallies() -> None:
    op.rename_table("tally", "tally_of_m003")
    op.create_table(
        "tally",
        Column("task", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("examples", Integer, nullable=False),
        Column("unscored", Integer, nullable=False, server_default=text("0")),
        PrimaryKeyConstraint("task", "status", name="pk_tally"),
        sqlite_with_rowid=False,
    )
    op.drop_table("tally_of_m003")
    op.create_table(
        "reviewer_tally",
        Column("reviewer", Text, nullable=False),
        Column("task", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("examples", Integer, nullable=False),
        PrimaryKeyConstraint("reviewer", "task", "status", name="pk_reviewer_tally"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO tally (task, status, examples, unscored)"
        " SELECT task, status, count(*), sum(agreement IS NULL) FROM states GROUP BY task, status"
    )
    op.execute(
        "INSERT INTO reviewer_tally (reviewer, task, status, examples)"
        " SELECT reviewer, task, status, count(*) FROM states WHERE reviewer IS NOT NULL"
        " GROUP BY reviewer, task, status"
    )
