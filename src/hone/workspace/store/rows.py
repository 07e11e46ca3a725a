"""Rows of the store as records, and the one query that puts an example together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, select

from hone.records.example import Example, Origin, Passage, Suggestion
from hone.workspace.store.json_text import from_text
from hone.workspace.store.tables import examples, operations, states

_answer = operations.alias("answer_operation")
_last = operations.alias("last_operation")
_noted = operations.alias("noted_operation")

effective_output = case((states.c.answer == 0, examples.c.proposal), else_=_answer.c.new_output)


def with_answer(*columns: Any) -> Any:
    """These columns of examples and their states, with the operation that holds the output."""
    joined = states.join(examples, examples.c.position == states.c.position).outerjoin(
        _answer, _answer.c.seq == states.c.answer
    )
    return select(*columns).select_from(joined)


def example_query() -> Any:
    """Examples as they stand: content, state, and the texts that the journal holds for them."""
    joined = (
        states.join(examples, examples.c.position == states.c.position)
        .outerjoin(_answer, _answer.c.seq == states.c.answer)
        .outerjoin(_last, _last.c.seq == states.c.last_operation)
        .outerjoin(_noted, _noted.c.seq == states.c.note_operation)
    )
    return select(
        examples.c.position,
        examples.c.id,
        examples.c.task,
        examples.c.input,
        examples.c.proposal,
        examples.c.proposal_agent,
        examples.c.proposal_score,
        examples.c.suggestions,
        examples.c.context,
        examples.c.origin,
        examples.c.tags,
        examples.c.occurred_at,
        examples.c.group_key,
        examples.c.fingerprint,
        states.c.status,
        states.c.version,
        effective_output.label("output"),
        _last.c.reviewer,
        _noted.c.note,
    ).select_from(joined)


def example_of(row: Row[Any]) -> Example:
    """One row as a record; the store checked it on the way in, so it is not checked again."""
    suggestions: list[Suggestion] = []
    if row.proposal is not None:
        first = {
            "agent": row.proposal_agent,
            "output": from_text(row.proposal),
            "score": row.proposal_score,
        }
        suggestions.append(Suggestion.model_construct(**first))
    for further in from_text(row.suggestions, ()):
        suggestions.append(Suggestion.model_construct(**further))
    occurred_at = row.occurred_at
    return Example.model_construct(
        id=row.id,
        position=row.position,
        task=row.task,
        input=from_text(row.input),
        output=from_text(row.output),
        suggestions=suggestions,
        context=[Passage.model_construct(**one) for one in from_text(row.context, ())],
        origin=Origin.model_construct(**from_text(row.origin, {})),
        tags=from_text(row.tags, []),
        occurred_at=datetime.fromisoformat(occurred_at) if occurred_at else None,
        group=row.group_key,
        fingerprint=row.fingerprint,
        version=row.version,
        status=row.status,
        reviewer=row.reviewer,
        note=row.note or "",
    )


_AT = example_query().where(states.c.position.in_(bindparam("chosen", expanding=True)))


def fetch(connection: Connection, chosen: Sequence[int]) -> list[Example]:
    """The examples at these positions, in this order."""
    if not chosen:
        return []
    rows = connection.execute(_AT, {"chosen": chosen})
    found = {row.position: example_of(row) for row in rows}
    return [found[position] for position in chosen if position in found]


def in_chunks(items: Iterable[int], size: int) -> Iterator[list[int]]:
    """Lists of at most `size`."""
    chunk: list[int] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
