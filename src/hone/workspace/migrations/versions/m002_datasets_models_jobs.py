"""Datasets, models, evaluations, jobs and the ledger.

Reason: reviewed examples become frozen datasets, those become models, and what was tested, was
active or cost money must be known for ever; the ledger and the activations are append-only.
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
    text,
)

revision = "m002"
down_revision = "m001"


def upgrade() -> None:
    """Makes the tables of everything that comes after a review."""
    _datasets()
    _models()
    _evaluations()
    _jobs_and_ledger()
    for table in ("activations", "ledger"):
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuse_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def _datasets() -> None:
    op.create_table(
        "datasets",
        Column("number", Integer, nullable=False),
        Column("name", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("manifest", Text, nullable=False),
        Column("sha256", Text, nullable=False),
        Column("frozen_at", Text, nullable=False),
        PrimaryKeyConstraint("number", name="pk_datasets"),
    )
    op.create_index("uq_datasets_name_version", "datasets", ["name", "version"], unique=True)
    op.create_table(
        "members",
        Column("dataset", Integer, nullable=False),
        Column("position", Integer, nullable=False),
        Column("version", Integer, nullable=False),
        Column("split", Text, nullable=False),
        Column("weight", Float, nullable=False),
        PrimaryKeyConstraint("dataset", "position", name="pk_members"),
        ForeignKeyConstraint(["dataset"], ["datasets.number"], name="fk_members_dataset"),
        ForeignKeyConstraint(["position"], ["examples.position"], name="fk_members_position"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tested",
        Column("position", Integer, nullable=False),
        Column("dataset", Integer, nullable=False),
        PrimaryKeyConstraint("position", name="pk_tested"),
        ForeignKeyConstraint(["position"], ["examples.position"], name="fk_tested_position"),
        ForeignKeyConstraint(["dataset"], ["datasets.number"], name="fk_tested_dataset"),
    )


def _models() -> None:
    op.create_table(
        "models",
        Column("name", Text, nullable=False),
        Column("number", Integer, nullable=False),
        Column("job", Text),
        Column("registered_at", Text, nullable=False),
        Column("folder", Text),
        Column("metadata", Text),
        Column("is_active", Integer, nullable=False),
        Column("deleted_at", Text),
        PrimaryKeyConstraint("name", "number", name="pk_models"),
    )
    op.create_index("uq_models_job", "models", ["job"], unique=True)
    op.create_index(
        "uq_models_active",
        "models",
        ["name"],
        unique=True,
        sqlite_where=text("is_active = 1"),
        postgresql_where=text("is_active = 1"),
    )
    op.create_table(
        "activations",
        Column("seq", Integer, nullable=False),
        Column("name", Text, nullable=False),
        Column("number", Integer),
        Column("at", Text, nullable=False),
        Column("reviewer", Text, nullable=False),
        Column("note", Text, nullable=False),
        PrimaryKeyConstraint("seq", name="pk_activations"),
    )
    op.create_index("ix_activations_name_seq", "activations", ["name", "seq"])


def _evaluations() -> None:
    op.create_table(
        "evaluations",
        Column("id", Text, nullable=False),
        Column("model", Text, nullable=False),
        Column("task", Text, nullable=False),
        Column("at", Text, nullable=False),
        Column("job", Text),
        Column("record", Text, nullable=False),
        PrimaryKeyConstraint("id", name="pk_evaluations"),
    )
    op.create_index("ix_evaluations_model_at", "evaluations", ["model", "at"])
    op.create_table(
        "evaluation_scores",
        Column("evaluation", Text, nullable=False),
        Column("contender", Text, nullable=False),
        Column("example_id", Text, nullable=False),
        Column("score", Float, nullable=False),
        Column("band", Text, nullable=False),
        Column("text", Text, nullable=False),
        ForeignKeyConstraint(
            ["evaluation"], ["evaluations.id"], name="fk_evaluation_scores_evaluation"
        ),
    )
    op.create_index(
        "uq_evaluation_scores_example",
        "evaluation_scores",
        ["evaluation", "contender", "example_id"],
        unique=True,
    )


def _jobs_and_ledger() -> None:
    op.create_table(
        "jobs",
        Column("id", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("created_at", Text, nullable=False),
        Column("target", Text, nullable=False),
        Column("record", Text, nullable=False),
        Column("settled_at", Text),
        PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_created_at", "jobs", ["created_at"])
    op.create_index(
        "ix_jobs_unsettled",
        "jobs",
        ["created_at"],
        sqlite_where=text("settled_at IS NULL"),
        postgresql_where=text("settled_at IS NULL"),
    )
    op.create_table(
        "ledger",
        Column("seq", Integer, nullable=False),
        Column("at", Text, nullable=False),
        Column("job", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("what", Text, nullable=False),
        Column("amount_microusd", Integer, nullable=False),
        Column("note", Text, nullable=False),
        PrimaryKeyConstraint("seq", name="pk_ledger"),
    )
    op.create_index("ix_ledger_job", "ledger", ["job"])
    op.create_index("ix_ledger_at", "ledger", ["at"])
