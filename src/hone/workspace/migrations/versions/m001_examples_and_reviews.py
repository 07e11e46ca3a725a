"""Examples and their review journal.

Reason: the first schema. Content, journal and projection are three kinds of tables, so that a
review of a million examples rewrites no content and everything but the journal can be rebuilt.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Text,
)

revision = "m001"
down_revision = None


def upgrade() -> None:
    """Makes the tables of examples, operations and states."""
    _examples()
    _operations()
    _projection()
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER operations_refuse_{verb.lower()} BEFORE {verb} ON operations "
            "BEGIN SELECT RAISE(ABORT, 'operations is append-only'); END"
        )


def _examples() -> None:
    op.create_table(
        "examples",
        Column("position", Integer, nullable=False),
        Column("id", Text, nullable=False),
        Column("task", Text, nullable=False),
        Column("input", Text, nullable=False),
        Column("proposal", Text),
        Column("proposal_agent", Text),
        Column("proposal_score", Float),
        Column("suggestions", Text),
        Column("context", Text),
        Column("origin", Text),
        Column("file", Text),
        Column("tags", Text),
        Column("occurred_at", Text),
        Column("group_key", Text),
        Column("fingerprint", Text, nullable=False),
        PrimaryKeyConstraint("position", name="pk_examples"),
    )
    op.create_index("uq_examples_id", "examples", ["id"], unique=True)
    op.create_index("ix_examples_fingerprint", "examples", ["fingerprint"])
    op.create_index("ix_examples_file_position", "examples", ["file", "position"])


def _operations() -> None:
    op.create_table(
        "operations",
        Column("seq", Integer, nullable=False),
        Column("op_id", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("at", Text, nullable=False),
        Column("reviewer", Text, nullable=False),
        Column("verdict", Text),
        Column("position", Integer),
        Column("old_output", Text),
        Column("new_output", Text),
        Column("answer", Integer),
        Column("note", Text),
        Column("members", Text),
        Column("target", Integer),
        Column("version", Integer),
        Column("changed", Integer, nullable=False),
        Column("kept", Integer, nullable=False),
        PrimaryKeyConstraint("seq", name="pk_operations"),
        CheckConstraint(
            "kind IN ('decide', 'bulk', 'undo', 'redo')", name=op.f("ck_operations_kind")
        ),
        ForeignKeyConstraint(["position"], ["examples.position"], name="fk_operations_position"),
        ForeignKeyConstraint(["target"], ["operations.seq"], name="fk_operations_target"),
    )
    op.create_index("uq_operations_op_id", "operations", ["op_id"], unique=True)
    op.create_index("ix_operations_position_seq", "operations", ["position", "seq"])
    op.create_index("ix_operations_reviewer_seq", "operations", ["reviewer", "seq"])


def _projection() -> None:
    op.create_table(
        "effects",
        Column("position", Integer, nullable=False),
        Column("seq", Integer, nullable=False),
        Column("status", Text, nullable=False),
        Column("answer", Integer),
        Column("note_operation", Integer),
        PrimaryKeyConstraint("position", "seq", name="pk_effects"),
        ForeignKeyConstraint(["position"], ["examples.position"], name="fk_effects_position"),
        ForeignKeyConstraint(["seq"], ["operations.seq"], name="fk_effects_seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "taken_back",
        Column("seq", Integer, nullable=False),
        Column("by", Integer, nullable=False),
        PrimaryKeyConstraint("seq", name="pk_taken_back"),
        ForeignKeyConstraint(["seq"], ["operations.seq"], name="fk_taken_back_seq"),
        ForeignKeyConstraint(
            ["by"],
            ["operations.seq"],
            name="fk_taken_back_by",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("ix_taken_back_by", "taken_back", ["by"])
    op.create_table(
        "states",
        Column("position", Integer, nullable=False),
        Column("task", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("last_operation", Integer),
        Column("answer", Integer),
        Column("note_operation", Integer),
        PrimaryKeyConstraint("position", name="pk_states"),
        ForeignKeyConstraint(["position"], ["examples.position"], name="fk_states_position"),
    )
    op.create_index("ix_states_task_status_position", "states", ["task", "status", "position"])
    op.create_table(
        "tally",
        Column("task", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("examples", Integer, nullable=False),
        PrimaryKeyConstraint("task", "status", name="pk_tally"),
        sqlite_with_rowid=False,
    )
