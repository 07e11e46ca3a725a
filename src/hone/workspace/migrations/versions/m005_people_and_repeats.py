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
    """Makes both tables."""
    op.create_table(
        "repeats",
        Column("number", Integer, nullable=False),
        Column("alias", Text, nullable=False),
        Column("reviewer", Text, nullable=False),
        Column("position", Integer, nullable=False),
        Column("anchor", Integer, nullable=False),
        Column("seq", Integer, nullable=False),
        Column("shown_at", Text, nullable=False),
        Column("op_id", Text),
        Column("decided_at", Text),
        Column("journal", Integer),
        Column("verdict", Text),
        Column("output", Text),
        Column("is_same_verdict", Integer),
        Column("is_same_answer", Integer),
        Column("undone_by", Text),
        PrimaryKeyConstraint("number", name="pk_repeats"),
        ForeignKeyConstraint(["position"], ["examples.position"], name="fk_repeats_position"),
        ForeignKeyConstraint(["seq"], ["operations.seq"], name="fk_repeats_seq"),
    )
    op.create_index("uq_repeats_alias", "repeats", ["alias"], unique=True)
    op.create_index("uq_repeats_op_id", "repeats", ["op_id"], unique=True)
    op.create_index("uq_repeats_reviewer_anchor", "repeats", ["reviewer", "anchor"], unique=True)
    op.create_index(
        "uq_repeats_reviewer_position", "repeats", ["reviewer", "position"], unique=True
    )
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
