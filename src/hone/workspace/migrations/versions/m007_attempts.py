"""Attempts: what the supervisor is asked to carry out.

Reason: jobs wait for their device and outlive every terminal, so the wish to have one carried out
must lie somewhere. A row is the wish; its order is the queue.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, Text, text

revision = "m007"
down_revision = "m006"


def upgrade() -> None:
    """Makes the table; jobs from before have no attempts and are shown by their folders."""
    op.create_table(
        "attempts",
        Column("seq", Integer, nullable=False),
        Column("job", Text, nullable=False),
        Column("number", Integer, nullable=False),
        Column("queue", Text, nullable=False),
        Column("asked_at", Text, nullable=False),
        Column("after_seq", Integer, nullable=False),
        Column("environment", Text, nullable=False),
        Column("step", Text, nullable=False),
        Column("trouble", Text, nullable=False),
        Column("ended_at", Text),
        Column("outcome", Text, nullable=False),
        PrimaryKeyConstraint("seq", name="pk_attempts"),
        ForeignKeyConstraint(["job"], ["jobs.id"], name="fk_attempts_job"),
    )
    op.create_index("uq_attempts_job", "attempts", ["job", "number"], unique=True)
    op.create_index(
        "ix_attempts_open",
        "attempts",
        ["seq"],
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    )
