"""The tables of what people say of evaluated examples: resolved flags, promoted test examples."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, Table, Text

from hone.workspace.store.tables import metadata

# What was said of flags. Flags themselves are nowhere: they follow from evaluations and from this.
flag_resolutions = Table(
    "flag_resolutions",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("op_id", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("position", Integer, ForeignKey("examples.position"), nullable=False),
    Column("evaluation", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("score", Float, nullable=False),
    Column("note", Text, nullable=False),
    # The review that it made, in the same transaction; NULL where nothing was decided.
    Column("operation", Integer, ForeignKey("operations.seq")),
    Index("uq_flag_resolutions_op_id", "op_id", unique=True),
    Index("ix_flag_resolutions_position_seq", "position", "seq"),
)

# Examples that left every val and test split, and never come back to one.
promotions = Table(
    "promotions",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("at", Text, nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("position", Integer, ForeignKey("examples.position"), nullable=False),
    Column("because_of", Integer, ForeignKey("examples.position"), nullable=False),
    Column("note", Text, nullable=False),
    Index("uq_promotions_position", "position", unique=True),
)
