"""What people say of flagged examples, and test examples that were promoted.

Reason: a flag follows from an evaluation and from what was said of it, so only what was said is
kept, append-only like every review; and an example that leaves a test set must never come back.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    Column,
    Float,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Text,
)

revision = "m008"
down_revision = "m007"


def upgrade() -> None:
    """Makes both tables, and refuses changes to their rows."""
    op.create_table(
        "flag_resolutions",
        Column("seq", Integer, nullable=False),
        Column("op_id", Text, nullable=False),
        Column("at", Text, nullable=False),
        Column("reviewer", Text, nullable=False),
        Column("position", Integer, nullable=False),
        Column("evaluation", Text, nullable=False),
        Column("model", Text, nullable=False),
        Column("verdict", Text, nullable=False),
        Column("answer", Text, nullable=False),
        Column("reference", Text, nullable=False),
        Column("score", Float, nullable=False),
        Column("note", Text, nullable=False),
        Column("operation", Integer),
        PrimaryKeyConstraint("seq", name="pk_flag_resolutions"),
        ForeignKeyConstraint(
            ["position"], ["examples.position"], name="fk_flag_resolutions_position"
        ),
        ForeignKeyConstraint(
            ["operation"], ["operations.seq"], name="fk_flag_resolutions_operation"
        ),
    )
    op.create_index("uq_flag_resolutions_op_id", "flag_resolutions", ["op_id"], unique=True)
    op.create_index("ix_flag_resolutions_position_seq", "flag_resolutions", ["position", "seq"])
    op.create_table(
        "promotions",
        Column("seq", Integer, nullable=False),
        Column("at", Text, nullable=False),
        Column("reviewer", Text, nullable=False),
        Column("position", Integer, nullable=False),
        Column("because_of", Integer, nullable=False),
        Column("note", Text, nullable=False),
        PrimaryKeyConstraint("seq", name="pk_promotions"),
        ForeignKeyConstraint(["position"], ["examples.position"], name="fk_promotions_position"),
        ForeignKeyConstraint(
            ["because_of"], ["examples.position"], name="fk_promotions_because_of"
        ),
    )
    op.create_index("uq_promotions_position", "promotions", ["position"], unique=True)
    for table in ("flag_resolutions", "promotions"):
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuse_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
