"""The tables of examples, reviews and datasets, and what all tables share.

Two kinds of tables hold reviews. `operations` is the journal: append-only, the truth. `effects`,
`taken_back`, `states` and both tallies are its projection and can be rebuilt from it at any time.
Content never moves: an example's row is written once, a review touches only its small row in
`states`, so accepting 100,000 examples costs the same whether they hold 200 bytes or 20 kB each.

Every index has its price in an import and in a bulk decision; `docs/why/store.md` says which
question each one answers and what it costs.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

examples = Table(
    "examples",
    metadata,
    Column("position", Integer, primary_key=True),
    Column("id", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("input", Text, nullable=False),
    # The first suggestion has columns of its own: it is what "accept" takes.
    Column("proposal", Text),
    Column("proposal_agent", Text),
    Column("proposal_score", Float),
    Column("suggestions", Text),  # the further ones, a JSON list
    Column("context", Text),
    Column("origin", Text),
    Column("file", Text),
    Column("tags", Text),
    Column("occurred_at", Text),
    Column("group_key", Text),
    Column("fingerprint", Text, nullable=False),
    Index("uq_examples_id", "id", unique=True),
    Index("ix_examples_file_position", "file", "position"),
    Index(
        "ix_examples_group_key_position",
        "group_key",
        "position",
        sqlite_where=text("group_key IS NOT NULL"),
        postgresql_where=text("group_key IS NOT NULL"),
    ),
    # What "accept" has nothing to take from; found without reading the content of the others.
    Index(
        "ix_examples_unanswered",
        "position",
        sqlite_where=text("proposal IS NULL"),
        postgresql_where=text("proposal IS NULL"),
    ),
)

# How much of a fingerprint stands in `example_fingerprints`; the rest is compared on a hit.
FINGERPRINT_START = 12

# The certainty of an example without a scored suggestion: behind every score there is.
UNSCORED = 1e300

operations = Table(
    "operations",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("op_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("verdict", Text),
    Column("position", Integer, ForeignKey("examples.position")),
    Column("old_output", Text),
    Column("new_output", Text),
    # Where the output of a decided example stands afterwards; see `states.answer`.
    Column("answer", Integer),
    Column("note", Text),
    Column("members", Text),  # bulk: JSON list of inclusive ranges of positions
    Column("target", Integer, ForeignKey("operations.seq")),
    Column("version", Integer),  # the rest of a receipt, so that a repeated request gets the same
    Column("changed", Integer, nullable=False),
    Column("kept", Integer, nullable=False),
    CheckConstraint("kind IN ('decide', 'bulk', 'undo', 'redo')", name="kind"),
    Index("uq_operations_op_id", "op_id", unique=True),
    Index("ix_operations_position_seq", "position", "seq"),
    Index("ix_operations_reviewer_seq", "reviewer", "seq"),
    Index("ix_operations_at", "at"),
)

effects = Table(
    "effects",
    metadata,
    Column("position", Integer, ForeignKey("examples.position"), nullable=False),
    Column("seq", Integer, ForeignKey("operations.seq"), nullable=False),
    Column("status", Text, nullable=False),
    Column("answer", Integer),
    Column("note_operation", Integer),
    PrimaryKeyConstraint("position", "seq"),
    sqlite_with_rowid=False,
)

taken_back = Table(
    "taken_back",
    metadata,
    Column("seq", Integer, ForeignKey("operations.seq"), primary_key=True),
    # Deferred: an undo moves the examples first, then writes its row with the counts.
    Column(
        "by",
        Integer,
        ForeignKey("operations.seq", deferrable=True, initially="DEFERRED"),
        nullable=False,
    ),
    Index("ix_taken_back_by", "by"),
)

states = Table(
    "states",
    metadata,
    Column("position", Integer, ForeignKey("examples.position"), primary_key=True),
    Column("task", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("last_operation", Integer),
    # Whose output is the truth: NULL none yet, 0 the proposal, else the operation that holds it.
    Column("answer", Integer),
    Column("note_operation", Integer),
    # Who made the last operation; it stands in `operations` too, but no index can look there.
    Column("reviewer", Text),
    # What orders a queue, known when an example comes in. `agreement`: 0 where suggestions
    # contradict each other, 1 where they do not and the first has a score, else NULL.
    Column("agreement", Integer),
    Column("certainty", Float, nullable=False, server_default=text("1e300")),
    Index("ix_states_task_status_position", "task", "status", "position"),
    Index(
        "ix_states_task_status_agreement_certainty_position",
        "task",
        "status",
        "agreement",
        "certainty",
        "position",
        sqlite_where=text("agreement IS NOT NULL"),
        postgresql_where=text("agreement IS NOT NULL"),
    ),
    Index(
        "ix_states_reviewer_position",
        "reviewer",
        "position",
        sqlite_where=text("reviewer IS NOT NULL"),
        postgresql_where=text("reviewer IS NOT NULL"),
    ),
)

tally = Table(
    "tally",
    metadata,
    Column("task", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("examples", Integer, nullable=False),
    # Those of them that no order by certainty knows anything of: `agreement` is NULL.
    Column("unscored", Integer, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("task", "status"),
    sqlite_with_rowid=False,
)

# By whose last operation reviewed examples stand where they stand.
reviewer_tally = Table(
    "reviewer_tally",
    metadata,
    Column("reviewer", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("examples", Integer, nullable=False),
    PrimaryKeyConstraint("reviewer", "task", "status"),
    sqlite_with_rowid=False,
)

# A decided example that is shown again, blindly, under an id of its own.
repeats = Table(
    "repeats",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("alias", Text, nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("position", Integer, ForeignKey("examples.position"), nullable=False),
    Column("anchor", Integer, nullable=False),  # the pending example that it is shown behind
    Column("seq", Integer, ForeignKey("operations.seq"), nullable=False),  # compared with this
    Column("shown_at", Text, nullable=False),
    Index("uq_repeats_alias", "alias", unique=True),
    Index("uq_repeats_reviewer_anchor", "reviewer", "anchor", unique=True),
    Index("uq_repeats_reviewer_position", "reviewer", "position", unique=True),
)

# What was decided on repeats; it never touches an example. The newest act of a repeat counts: an
# undo has no verdict, a redo has that of the decision which it repeats.
repeat_acts = Table(
    "repeat_acts",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("op_id", Text, nullable=False),
    Column("repeat", Integer, ForeignKey("repeats.number"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("after_seq", Integer, nullable=False),  # the newest operation of the journal then
    Column("verdict", Text),
    Column("output", Text),
    Column("is_same_verdict", Integer),
    Column("is_same_answer", Integer),
    CheckConstraint("kind IN ('decide', 'undo', 'redo')", name="kind"),
    Index("uq_repeat_acts_op_id", "op_id", unique=True),
    Index("ix_repeat_acts_repeat_number", "repeat", "number"),
)

people = Table(
    "people",
    metadata,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("password_hash", LargeBinary, nullable=False),
    Column("cost", Integer, nullable=False),  # of scrypt, so that it can rise later
    Column("created_at", Text, nullable=False),
    Column("disabled_at", Text),
    CheckConstraint("role IN ('viewer', 'reviewer', 'trainer', 'admin')", name="role"),
)

datasets = Table(
    "datasets",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("manifest", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("frozen_at", Text, nullable=False),
    Index("uq_datasets_name_version", "name", "version", unique=True),
)

members = Table(
    "members",
    metadata,
    Column("dataset", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("split", Text, nullable=False),
    Column("weight", Float, nullable=False),
    PrimaryKeyConstraint("dataset", "position"),
    ForeignKeyConstraint(["dataset"], ["datasets.number"]),
    ForeignKeyConstraint(["position"], ["examples.position"]),
    sqlite_with_rowid=False,
)

# Every example that is or ever was in a val or test split; it never leaves this table.
tested = Table(
    "tested",
    metadata,
    Column("position", Integer, ForeignKey("examples.position"), primary_key=True),
    Column("dataset", Integer, ForeignKey("datasets.number"), nullable=False),
)
