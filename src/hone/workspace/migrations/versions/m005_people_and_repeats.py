"""People who may sign in, and decided examples that are shown again.

Reason: several people review one workspace, each under their own name and with their own rights;
and how steady a person decides is measured by asking again without showing the earlier answer.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
)

revision = "m005"
down_revision = "m004"


def upgrade() -> None:
    """Makes the tables; what was decided on repeats is append-only, as the journal is."""
    _people()
    _repeats()
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER repeat_acts_refuse_{verb.lower()} BEFORE {verb} ON repeat_acts "
            "BEGIN SELECT RAISE(ABORT, 'repeat_acts is append-only'); END"
        )


def _people() -> None:
    op.create_table(
        "people",
        Column("name", Text, nullable=False),
        Column("role", Text, nullable=False),
        Column("salt", LargeBinary, nullable=False),
        Column("password_hash", LargeBinary, nullable=False),
        Column("cost", Integer, nullable=False),
        Column("created_at", Text, nullable=False),
        Column("disabled_at", Text),
        PrimaryKeyConstraint("name", name="pk_people"),
        CheckConstraint(
            "role IN ('viewer', 'reviewer', 'trainer', 'admin')", name=op.f("ck_people_role")
        ),
    )


def _repeats() -> None:
    op.create_table(
        "repeats",
        Column("number", Integer, nullable=False),
        Column("alias", Text, nullable=False),
        Column("reviewer", Text, nullable=False),
        Column("position", Integer, nullable=False),
        Column("anchor", Integer, nullable=False),
        Column("seq", Integer, nullable=False),
        Column("shown_at", Text, nullable=False),
        PrimaryKeyConstraint("number", name="pk_repeats"),
        ForeignKeyConstraint(["position"], ["examples.position"], name="fk_repeats_position"),
        ForeignKeyConstraint(["seq"], ["operations.seq"], name="fk_repeats_seq"),
    )
    for columns in (["alias"], ["reviewer", "anchor"], ["reviewer", "position"]):
        op.create_index(f"uq_repeats_{'_'.join(columns)}", "repeats", columns, unique=True)
    op.create_table(
        "repeat_acts",
        Column("number", Integer, nullable=False),
        Column("op_id", Text, nullable=False),
        Column("repeat", Integer, nullable=False),
        Column("kind", Text, nullable=False),
        Column("at", Text, nullable=False),
        Column("after_seq", Integer, nullable=False),
        Column("verdict", Text),
        Column("output", Text),
        Column("is_same_verdict", Integer),
        Column("is_same_answer", Integer),
        PrimaryKeyConstraint("number", name="pk_repeat_acts"),
        CheckConstraint("kind IN ('decide', 'undo', 'redo')", name=op.f("ck_repeat_acts_kind")),
        ForeignKeyConstraint(["repeat"], ["repeats.number"], name="fk_repeat_acts_repeat"),
    )
    op.create_index("uq_repeat_acts_op_id", "repeat_acts", ["op_id"], unique=True)
    op.create_index("ix_repeat_acts_repeat_number", "repeat_acts", ["repeat", "number"])
