"""Which examples are meant: a filter, and the queries that walk an index for it.

A filter by status becomes one stream of positions per (task, status), each in the order of its
index; the streams are merged. So a page costs the same at the start and in the middle of a
million rows: no OFFSET, no scan, no sort. A filter by tag alone has no index and reads rows
until the page is full.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    Subquery,
    Table,
    bindparam,
    column,
    exists,
    func,
    select,
    text,
    true,
)
from sqlalchemy.sql.elements import ColumnElement

from hone.records.dataset import ExampleQuery
from hone.workspace.store.tables import examples, operations, states, tally

_Query = tuple[Select[Any], ColumnElement[int]]
_WORD = re.compile(r"\w+", re.UNICODE)


@dataclass(frozen=True)
class Filter:
    """Every condition must hold; an empty one asks nothing."""

    status: tuple[str, ...] = ()
    task: str | None = None
    tags: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    text: str = ""
    first: int | None = None
    last: int | None = None

    @classmethod
    def of(cls, query: ExampleQuery, *, task: str | None = None) -> Filter:
        """The filter of a dataset's query (its `limit` is the caller's business)."""
        return cls(tuple(query.status), task, tuple(query.tags), tuple(query.files))

    @property
    def is_tallied(self) -> bool:
        """Whether the kept counts answer it without looking at examples."""
        return (
            not (self.tags or self.files or self.text.strip()) and self.first is self.last is None
        )


def positions(
    connection: Connection,
    wanted: Filter,
    *,
    after: int | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> Iterator[int]:
    """Positions that fit, rising; falling where `before` is given."""
    is_falling = before is not None
    streams: list[Iterator[int]] = []
    for query, position in _queries(connection, wanted):
        if after is not None:
            query = query.where(position > after)
        if before is not None:
            query = query.where(position < before)
        query = query.order_by(position.desc() if is_falling else position).limit(limit)
        rows = connection.execution_options(yield_per=1000).execute(query)
        streams.append(row[0] for row in rows)
    # An example may be found twice, by its import and by its edit.
    merged = (position for position, _ in groupby(heapq.merge(*streams, reverse=is_falling)))
    return islice(merged, limit)


def list_into(connection: Connection, table: Table, wanted: Filter) -> None:
    """Writes the positions that fit into a table, without bringing them into memory."""
    for query, _ in list(_queries(connection, wanted)):
        connection.execute(table.insert().prefix_with("OR IGNORE").from_select(["position"], query))


def search_phrase(typed: str) -> str:
    """What a person typed as an FTS5 query: every word must occur, the last may be unfinished."""
    words = _WORD.findall(typed)
    return " ".join(f'"{word}"' for word in words[:-1]) + (f' "{words[-1]}"*' if words else "")


def _queries(connection: Connection, wanted: Filter) -> Iterator[_Query]:
    """The streams whose union is what fits, each with the column that it is ordered by."""
    phrase = search_phrase(wanted.text)
    if phrase:
        yield from _by_text(wanted, phrase)
    elif wanted.text.strip():
        return  # only punctuation was typed: no word, no match
    elif wanted.files:
        for file in dict.fromkeys(wanted.files):
            position = examples.c.position
            query = select(position).where(examples.c.file == file, _stands(position, wanted))
            yield _narrowed(query, wanted, position), position
    elif not wanted.status and wanted.task is None:
        position = states.c.position
        yield _narrowed(select(position), wanted, position), position
    else:
        yield from _by_status(connection, wanted)


def _by_status(connection: Connection, wanted: Filter) -> Iterator[_Query]:
    position = states.c.position
    pairs = select(tally.c.task, tally.c.status).where(tally.c.examples > 0)
    for task, status in connection.execute(pairs).all():
        if wanted.task not in (None, task) or (wanted.status and status not in wanted.status):
            continue
        query = select(position).where(states.c.task == task, states.c.status == status)
        yield _narrowed(query, wanted, position), position


def _by_text(wanted: Filter, phrase: str) -> Iterator[_Query]:
    """Where the words stand: in what was imported, or in an edit that is the answer now."""
    imported = _hits("example_search", phrase)
    edited = _hits("edit_search", phrase)
    current = (
        select(operations.c.position)
        .join(edited, edited.c.rowid == operations.c.seq)
        .join(states, states.c.position == operations.c.position)
        .where(states.c.answer == operations.c.seq)
    )
    found = (select(imported.c.rowid), imported.c.rowid), (current, operations.c.position)
    for query, position in found:
        query = query.where(_stands(position, wanted))
        if wanted.files:
            filed = examples.alias("filed")
            query = query.where(
                exists().where(filed.c.position == position, filed.c.file.in_(wanted.files))
            )
        yield _narrowed(query, wanted, position), position


def _hits(table: str, phrase: str) -> Subquery:
    found = text(f"SELECT rowid FROM {table} WHERE {table} MATCH :phrase_of_{table}")
    bound = found.bindparams(bindparam(f"phrase_of_{table}", phrase))
    return bound.columns(column("rowid", Integer)).subquery()


def _stands(position: ColumnElement[int], wanted: Filter) -> ColumnElement[bool]:
    if not wanted.status and wanted.task is None:
        return true()
    stand = states.alias("stand")
    found = exists().where(stand.c.position == position)
    if wanted.status:
        found = found.where(stand.c.status.in_(wanted.status))
    if wanted.task is not None:
        found = found.where(stand.c.task == wanted.task)
    return found


def _narrowed(query: Select[Any], wanted: Filter, position: ColumnElement[int]) -> Select[Any]:
    if wanted.first is not None:
        query = query.where(position >= wanted.first)
    if wanted.last is not None:
        query = query.where(position <= wanted.last)
    tagged = examples.alias("tagged")
    for tag in wanted.tags:
        each = func.json_each(tagged.c.tags).table_valued("value", joins_implicitly=True)
        query = query.where(exists().where(tagged.c.position == position, each.c.value == tag))
    return query
