"""The tables of what comes of reviews: models, evaluations, jobs and what they cost."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from hone.workspace.store.tables import metadata

models = Table(
    "models",
    metadata,
    Column("name", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("job", Text),
    Column("registered_at", Text, nullable=False),
    Column("folder", Text),
    Column("metadata", Text),  # NULL: the number is reserved, the model not yet registered
    Column("is_active", Integer, nullable=False),
    Column("deleted_at", Text),
    PrimaryKeyConstraint("name", "number"),
    Index("uq_models_job", "job", unique=True),
    Index(
        "uq_models_active",
        "name",
        unique=True,
        sqlite_where=text("is_active = 1"),
        postgresql_where=text("is_active = 1"),
    ),
)

activations = Table(
    "activations",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("number", Integer),  # NULL: from now on none is active
    Column("at", Text, nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("note", Text, nullable=False),
    Index("ix_activations_name_seq", "name", "seq"),
)

evaluations = Table(
    "evaluations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("model", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("job", Text),
    Column("record", Text, nullable=False),
    Index("ix_evaluations_model_at", "model", "at"),
)

evaluation_scores = Table(
    "evaluation_scores",
    metadata,
    Column("evaluation", Text, ForeignKey("evaluations.id"), nullable=False),
    Column("contender", Text, nullable=False),
    Column("example_id", Text, nullable=False),
    Column("score", Float, nullable=False),
    Column("band", Text, nullable=False),
    Column("text", Text, nullable=False),
    Index("uq_evaluation_scores_example", "evaluation", "contender", "example_id", unique=True),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("settled_at", Text),
    Index("ix_jobs_created_at", "created_at"),
    Index(
        "ix_jobs_unsettled",
        "created_at",
        sqlite_where=text("settled_at IS NULL"),
        postgresql_where=text("settled_at IS NULL"),
    ),
)

attempts = Table(
    "attempts",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("job", Text, ForeignKey("jobs.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("queue", Text, nullable=False),
    Column("asked_at", Text, nullable=False),
    Column("after_seq", Integer, nullable=False),
    Column("environment", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("trouble", Text, nullable=False),
    Column("ended_at", Text),
    Column("outcome", Text, nullable=False),
    Index("uq_attempts_job", "job", "number", unique=True),
    Index(
        "ix_attempts_open",
        "seq",
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)

ledger = Table(
    "ledger",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("at", Text, nullable=False),
    Column("job", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("what", Text, nullable=False),
    # Whole millionths of a dollar: sums of floats drift, sums of these do not.
    Column("amount_microusd", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Index("ix_ledger_job", "job"),
    Index("ix_ledger_at", "at"),
)

predicted = Table(
    "predicted",
    metadata,
    Column("by", Text, nullable=False),
    Column("position", Integer, ForeignKey("examples.position"), nullable=False),
    Column("task", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("confidence", Float),
    Column("seconds", Float, nullable=False),
    Column("is_complete", Integer, nullable=False),
    Column("problem", Text, nullable=False),
    PrimaryKeyConstraint("by", "position"),
)
