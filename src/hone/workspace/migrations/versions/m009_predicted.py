"""Predictions that were made ahead of the person who will look at them.

Reason: a model takes seconds for a message, and a page of fifty must not wait for it; so answers
are kept by who gave them and by example, to be looked up.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Float, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, Text

revision = "m009"
down_revision = "m008"


def upgrade() -> None:
    """Makes the table; nothing has been predicted ahead so far."""
    op.create_table(
        "predicted",
        Column("by", Text, nullable=False),
        Column("position", Integer, nullable=False),
        Column("task", Text, nullable=False),
        Column("method", Text, nullable=False),
        Column("text", Text, nullable=False),
        Column("confidence", Float),
        Column("seconds", Float, nullable=False),
        Column("is_complete", Integer, nullable=False),
        Column("problem", Text, nullable=False),
        PrimaryKeyConstraint("by", "position", name="pk_predicted"),
        ForeignKeyConstraint(["position"], ["examples.position"], name="fk_predicted_position"),
    )
