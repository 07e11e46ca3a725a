"""Examples with what was shown when they were decided: the other half of a preference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from sqlalchemy import (
    BindParameter,
    Connection,
    Engine,
    and_,
    bindparam,
    case,
    exists,
    func,
    select,
)

from hone.records.dataset import ExampleQuery
from hone.records.example import TRUSTED, Example
from hone.records.review import Reviewed
from hone.workspace.store.connection import reading
from hone.workspace.store.feedback_tables import flag_resolutions
from hone.workspace.store.filters import Filter
from hone.workspace.store.json_text import from_text
from hone.workspace.store.rows import fetch, in_chunks
from hone.workspace.store.tables import effects, examples, operations, states, taken_back
from hone.workspace.store.walks import positions

CHUNK = 500

_chosen: BindParameter[int] = bindparam("chosen", expanding=True)
_last = operations.alias("last_operation")
_before = operations.alias("operation_before")

# Every edit up to the one that holds the answer, the newest first.
_EDITS = (
    select(states.c.position, operations.c.old_output, operations.c.new_output)
    .join(operations, operations.c.position == states.c.position)
    .where(
        states.c.position.in_(_chosen),
        operations.c.verdict == "edit",
        operations.c.seq <= states.c.answer,
    )
    .order_by(states.c.position, operations.c.seq.desc())
)
# A bulk operation keeps no outputs: what it was about is where its examples stood until then.
_stood = (
    select(effects.c.answer)
    .where(
        effects.c.position == states.c.position,
        effects.c.seq < _last.c.seq,
        ~exists().where(taken_back.c.seq == effects.c.seq, taken_back.c.by < _last.c.seq),
    )
    .order_by(effects.c.seq.desc())
    .limit(1)
    .correlate(states, _last)
    .scalar_subquery()
)
_REFUSED = (
    select(
        states.c.position,
        case(
            (_last.c.kind == "decide", _last.c.old_output),
            else_=func.coalesce(_before.c.new_output, examples.c.proposal),
        ).label("shown"),
    )
    .join(examples, examples.c.position == states.c.position)
    .join(_last, _last.c.seq == states.c.last_operation)
    .outerjoin(_before, and_(_last.c.kind == "bulk", _before.c.seq == _stood))
    .where(states.c.position.in_(_chosen))
)

# What was said of flags, oldest first; "the reference is wrong" says that the model was right.
_SAID = (
    select(
        flag_resolutions.c.position,
        flag_resolutions.c.verdict,
        flag_resolutions.c.answer,
        taken_back.c.by,
    )
    .outerjoin(taken_back, taken_back.c.seq == flag_resolutions.c.operation)
    .where(
        flag_resolutions.c.position.in_(_chosen),
        flag_resolutions.c.verdict.in_(("edit", "confirm", "reopen")),
    )
    .order_by(flag_resolutions.c.seq)
)


class ReviewedExamples:
    """`store.reviewed`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def iterate(self, query: ExampleQuery, *, task: str | None = None) -> Iterator[Reviewed]:
        """Every example that fits with what was shown, in order, from one consistent view.

        At most four questions to the database for 500 examples; memory stays flat.
        """
        wanted = Filter.of(query, task=task)
        with reading(self._engine) as connection:
            found = positions(connection, wanted, limit=query.limit)
            for chunk in in_chunks(found, CHUNK):
                some = fetch(connection, chunk)
                shown = _originals(connection, _at(some, "edited"))
                shown |= _rejected(connection, _at(some, "rejected"))
                answered = _answered(connection, _at(some, *TRUSTED))
                for example in some:
                    told = tuple(answered.get(example.position, ()))
                    yield Reviewed(example, from_text(shown.get(example.position)), told)


def _at(some: Sequence[Example], *status: str) -> list[int]:
    return [example.position for example in some if example.status in status]


def _originals(connection: Connection, chosen: Sequence[int]) -> dict[int, str | None]:
    """What the first of the edits that led to the answer replaced, by position."""
    if not chosen:
        return {}
    found: dict[int, str | None] = {}
    rows = connection.execute(_EDITS, {"chosen": chosen})
    for position, edits in groupby(rows, key=attrgetter("position")):
        newest, *earlier = edits
        original = newest.old_output
        for edit in earlier:
            # A person who goes on rewriting an edit still rewrites what stood before it.
            if original is not None and edit.new_output == original:
                original = edit.old_output
        found[position] = original
    return found


def _rejected(connection: Connection, chosen: Sequence[int]) -> dict[int, str | None]:
    """What was on the screen, or would have been, when the example was rejected, by position."""
    if not chosen:
        return {}
    rows = connection.execute(_REFUSED, {"chosen": chosen})
    return {row.position: row.shown for row in rows}


def _answered(connection: Connection, chosen: Sequence[int]) -> dict[int, list[str]]:
    """What models answered and a person held to be wrong, by position, without repetitions."""
    if not chosen:
        return {}
    found: dict[int, list[str]] = {}
    for row in connection.execute(_SAID, {"chosen": chosen}):
        texts = found.setdefault(row.position, [])
        if row.verdict == "reopen":
            texts.clear()
        elif row.by is None and row.answer.strip() and row.answer not in texts:
            texts.append(row.answer)
    return found
