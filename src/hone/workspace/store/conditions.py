"""The conditions of a filter as SQL, for each place that a walk begins at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    Subquery,
    bindparam,
    column,
    exists,
    func,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement

from hone.workspace.store.filters import Filter, search_phrase
from hone.workspace.store.json_text import to_text
from hone.workspace.store.tables import UNSCORED, examples, operations, states

Condition = ColumnElement[bool]


def of_state(wanted: Filter) -> list[Condition]:
    """For a walk over `states`."""
    return [*_standing(wanted, states), *_beside(wanted, states.c.position)]


def around(wanted: Filter, position: ColumnElement[int]) -> list[Condition]:
    """For a walk over another table that has the position."""
    stand = states.alias("stand")
    asked = _standing(wanted, stand)
    beside = _beside(wanted, position)
    if not asked:
        return beside
    return [exists().where(stand.c.position == position, *asked), *beside]


def hits(wanted: Filter, phrase: str) -> list[tuple[Select[Any], ColumnElement[int]]]:
    """Where the words stand: in what was imported, or in an edit that is the answer now."""
    imported = _search("example_search", phrase)
    edited = _search("edit_search", phrase)
    answered = states.alias("answered")
    current = (
        select(operations.c.position)
        .join(edited, edited.c.rowid == operations.c.seq)
        .join(answered, answered.c.position == operations.c.position)
        .where(answered.c.answer == operations.c.seq)
    )
    return [
        (select(imported.c.rowid), imported.c.rowid),
        (current, operations.c.position),
    ]


def candidates(wanted: Filter) -> Any:
    """The positions of what fits, found by ids, words or a time; their number bounds the work."""
    phrase = search_phrase(wanted.text)
    if wanted.ids is not None:
        asked = [*around(wanted, examples.c.position)]
        if phrase:
            asked.append(
                or_(*(examples.c.position.in_(query) for query, _ in hits(wanted, phrase)))
            )
        elif wanted.text.strip():
            asked.append(examples.c.position.is_(None))
        named = text("SELECT value FROM json_each(:ids)").bindparams(ids=to_text(wanted.ids))
        chosen = named.columns(column("value")).subquery()
        return select(examples.c.position).where(examples.c.id.in_(select(chosen)), *asked)
    if phrase:
        return union_all(
            *(query.where(*around(wanted, position)) for query, position in hits(wanted, phrase))
        )
    return _decided_then(wanted)


def _decided_then(wanted: Filter) -> Any:
    """What stands by an operation of the asked time: its example, or the members of its ranges."""
    rest = replace(wanted, since=None, before=None)
    then = _at(wanted)
    stand = states.alias("stood")
    alone = select(operations.c.position).where(
        *then,
        operations.c.kind == "decide",
        exists().where(
            stand.c.position == operations.c.position,
            stand.c.last_operation == operations.c.seq,
            *_standing(rest, stand),
        ),
        *_beside(rest, operations.c.position),
    )
    span = func.json_each(operations.c.members).table_valued("value", joins_implicitly=True)
    together = select(stand.c.position).where(
        *then,
        operations.c.kind == "bulk",
        stand.c.position >= func.json_extract(span.c.value, "$[0]"),
        stand.c.position <= func.json_extract(span.c.value, "$[1]"),
        # Not a plain column: every state would be read to look up the operation that it names.
        stand.c.last_operation == func.abs(operations.c.seq),
        *_standing(rest, stand),
        *_beside(rest, stand.c.position),
    )
    return union_all(alone, together)


def _standing(wanted: Filter, table: Any) -> list[Condition]:
    """What a row of `states` must hold."""
    asked: list[Condition] = []
    if wanted.status:
        asked.append(table.c.status.in_(wanted.status))
    if wanted.task is not None:
        asked.append(table.c.task == wanted.task)
    if wanted.reviewer is not None:
        asked.append(table.c.reviewer == wanted.reviewer)
    if wanted.min_score is not None:
        asked.append(table.c.certainty >= wanted.min_score)
    if wanted.max_score is not None or wanted.min_score is not None:
        most = UNSCORED if wanted.max_score is None else wanted.max_score
        asked += [table.c.certainty <= most, table.c.certainty < UNSCORED]
    if wanted.has_time:
        made = operations.alias("made")
        asked.append(exists().where(made.c.seq == table.c.last_operation, *_at(wanted, made)))
    return asked


def _at(wanted: Filter, table: Any = operations) -> list[Condition]:
    asked: list[Condition] = []
    if wanted.since is not None:
        asked.append(table.c.at >= wanted.since)
    if wanted.before is not None:
        asked.append(table.c.at < wanted.before)
    return asked


def _beside(wanted: Filter, position: ColumnElement[int]) -> list[Condition]:
    """What is asked of the position and of the content."""
    asked: list[Condition] = []
    if wanted.first is not None:
        asked.append(position >= wanted.first)
    if wanted.last is not None:
        asked.append(position <= wanted.last)
    if wanted.files:
        filed = examples.alias("filed")
        asked.append(exists().where(filed.c.position == position, filed.c.file.in_(wanted.files)))
    tagged = examples.alias("tagged")
    for tag in wanted.tags:
        each = func.json_each(tagged.c.tags).table_valued("value", joins_implicitly=True)
        asked.append(exists().where(tagged.c.position == position, each.c.value == tag))
    return asked


def _search(table: str, phrase: str) -> Subquery:
    found = text(f"SELECT rowid FROM {table} WHERE {table} MATCH :phrase_of_{table}")
    bound = found.bindparams(bindparam(f"phrase_of_{table}", phrase))
    return bound.columns(column("rowid", Integer)).subquery()
