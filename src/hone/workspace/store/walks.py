"""Walks the examples that a filter means, in an order, from a place on, without reading the rest.

A filter by status becomes one stream per (task, status), each in the order of an index; the
streams are merged. So a page costs the same at the start and in the middle of a million rows: no
OFFSET, no scan, no sort. What has no index in an order (tags always; files, a reviewer or scores
in some) is looked at row by row until the page is full. Where words, ids or a time are asked for,
their hits are found first; in an order by certainty the hits, and only they, are sorted.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, groupby, islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, Table, exists, func, select, tuple_
from sqlalchemy.sql.elements import ColumnElement

from hone.records.choice import Order
from hone.workspace.store import conditions
from hone.workspace.store.filters import Filter, search_phrase
from hone.workspace.store.orders import CONTRADICTED, DECIDED, REST, SCORED, Key, key_columns
from hone.workspace.store.tables import examples, reviewer_tally, states, tally


class Walk(NamedTuple):
    """How to go through what fits: from behind `start` (or at it), backwards or not."""

    order: Order = "file"
    start: Key | None = None
    is_backward: bool = False
    is_inclusive: bool = False
    limit: int | None = None


class Stream(NamedTuple):
    """A query whose rows, behind the constant `head`, are keys; `columns` are what it selects."""

    query: Any
    columns: Sequence[ColumnElement[Any]]
    head: tuple[Any, ...] = ()


def keys(connection: Connection, wanted: Filter, walk: Walk) -> Iterator[Key]:
    """The keys of what fits, each once, in the order (or against it where it is backward)."""
    is_falling = (walk.order == "newest") != walk.is_backward
    groups = _groups(connection, wanted, walk.order)
    if is_falling:
        groups = list(groups)[::-1]
    # The next group is only asked where the ones before did not fill the page.
    found = chain.from_iterable(_merged(connection, one, walk) for one in groups)
    return islice(found, walk.limit)


def positions(
    connection: Connection,
    wanted: Filter,
    *,
    after: int | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> Iterator[int]:
    """Positions that fit, rising; falling where `before` is given."""
    start = after if before is None else before
    walk = Walk(
        start=None if start is None else Key(0, 0.0, start),
        is_backward=before is not None,
        limit=limit,
    )
    return (key.position for key in keys(connection, wanted, walk))


def count_up_to(connection: Connection, wanted: Filter, walk: Walk, most: int) -> int | None:
    """How many examples a walk in an order of import would find; None for more than `most`."""
    is_falling = (walk.order == "newest") != walk.is_backward
    found = 0
    for stream in _by_position(connection, wanted):
        bounded = _bounded(stream, walk, is_falling)
        if bounded is not None:
            some = bounded.query.limit(most + 1 - found).subquery("counted")
            found += connection.execute(select(func.count()).select_from(some)).scalar() or 0
        if found > most:
            return None
    return found


def list_into(connection: Connection, table: Table, wanted: Filter) -> None:
    """Writes the positions that fit into a table, without bringing them into memory."""
    for stream in list(_by_position(connection, wanted)):
        connection.execute(
            table.insert().prefix_with("OR IGNORE").from_select(["position"], stream.query)
        )


def _merged(connection: Connection, streams: Sequence[Stream], walk: Walk) -> Iterator[Key]:
    is_falling = (walk.order == "newest") != walk.is_backward
    rows = [
        _rows(connection, bounded, walk.limit, is_falling)
        for bounded in (_bounded(one, walk, is_falling) for one in streams)
        if bounded is not None
    ]
    # An example may be found twice, by its import and by its edit.
    return (key for key, _ in groupby(heapq.merge(*rows, reverse=is_falling)))


def _bounded(stream: Stream, walk: Walk, is_falling: bool) -> Stream | None:
    """The stream from the start on; None where all of it lies on the other side."""
    if walk.start is None:
        return stream
    size = len(stream.head)
    head, tail = tuple(walk.start)[:size], tuple(walk.start)[size:]
    if stream.head != head:
        return stream if (stream.head < head) == is_falling else None
    place, value = tuple_(*stream.columns), tuple_(*tail)
    if len(tail) == 1:
        (place,), (value,) = stream.columns, tail
    if walk.is_inclusive:
        bound = place <= value if is_falling else place >= value
    else:
        bound = place < value if is_falling else place > value
    return stream._replace(query=stream.query.where(bound))


def _rows(
    connection: Connection, stream: Stream, limit: int | None, is_falling: bool
) -> Iterator[Key]:
    ordered = [one.desc() if is_falling else one for one in stream.columns]
    query = stream.query.order_by(*ordered).limit(limit)
    rows = connection.execution_options(yield_per=1000).execute(query)
    return (Key(*stream.head, *row) for row in rows)


def _groups(connection: Connection, wanted: Filter, order: Order) -> Iterator[list[Stream]]:
    """Streams to merge, in groups of which each stands wholly before the next."""
    if order in ("file", "newest"):
        yield list(_by_position(connection, wanted))
    elif search_phrase(wanted.text) or wanted.ids is not None or wanted.has_time:
        found = conditions.candidates(wanted)
        columns = key_columns(order)
        yield [Stream(select(*columns).where(states.c.position.in_(found)), columns)]
    elif wanted.text.strip():
        return  # only punctuation was typed: no word, no match
    else:
        for phase, agreements, places in _phases(order, _places(connection, wanted)):
            yield [
                _by_certainty(wanted, place, (phase, agreement))
                for place in places
                for agreement in agreements
                if _may_hold(place, agreement, wanted)
            ]


def _phases(
    order: Order, places: Sequence[_Place]
) -> Iterator[tuple[int, tuple[int, ...], Sequence[_Place]]]:
    """Each phase of an order with the agreements and the places that belong to it."""
    if order == "least_certain":
        yield 0, (CONTRADICTED, SCORED), places
        yield 1, (REST,), places
        return
    for decided in (0, DECIDED):
        some = [place for place in places if (place.status != "pending") == bool(decided)]
        for agreement in (CONTRADICTED, SCORED, REST):
            yield decided + agreement, (agreement,), some


def _may_hold(place: _Place, agreement: int, wanted: Filter) -> bool:
    """Whether an example can be there: nobody walks a queue to find nothing at its end."""
    if agreement != REST:
        return place.unscored < place.examples
    return place.unscored > 0 and wanted.min_score is None and wanted.max_score is None


def _by_certainty(wanted: Filter, place: _Place, key: tuple[int, int]) -> Stream:
    phase, agreement = key
    position = states.c.position
    if agreement == REST:
        query = _of_place(wanted, place, position).where(states.c.agreement.is_(None))
        return Stream(query, (position,), (phase, 0.0))
    columns = states.c.certainty, position
    query = _of_place(wanted, place, *columns).where(states.c.agreement == agreement)
    return Stream(query, columns, (phase,))


def _by_position(connection: Connection, wanted: Filter) -> Iterator[Stream]:
    """The streams whose union is what fits, each rising by position."""
    phrase = search_phrase(wanted.text)
    if wanted.text.strip() and not phrase:
        return  # only punctuation was typed: no word, no match
    if wanted.ids is not None or (wanted.has_time and not phrase):
        found = conditions.candidates(wanted)
        position = states.c.position
        yield _stream(select(position).where(position.in_(found)), position)
    elif phrase:
        for query, position in conditions.hits(wanted, phrase):
            yield _stream(query.where(*conditions.around(wanted, position)), position)
    elif wanted.files and wanted.reviewer is None:
        position = examples.c.position
        rest = replace(wanted, files=())
        for file in dict.fromkeys(wanted.files):
            query = select(position).where(examples.c.file == file)
            yield _stream(query.where(*conditions.around(rest, position)), position)
    elif wanted.reviewer is not None:
        yield from _of_reviewer(connection, wanted)
    elif wanted.status or wanted.task is not None:
        for place in _places(connection, wanted):
            yield _stream(_of_place(wanted, place, states.c.position), states.c.position)
    else:
        yield _stream(
            select(states.c.position).where(*conditions.of_state(wanted)), states.c.position
        )


def _of_reviewer(connection: Connection, wanted: Filter) -> Iterator[Stream]:
    """Along what the reviewer decided, or along the asked statuses, whichever is less."""
    places, position = _places(connection, wanted), states.c.position
    own = select(func.sum(reviewer_tally.c.examples)).where(
        reviewer_tally.c.reviewer == wanted.reviewer
    )
    if sum(place.examples for place in places) < (connection.execute(own).scalar() or 0):
        for place in places:
            yield _stream(_of_place(wanted, place, position), position)
    elif places:
        yield _stream(select(position).where(*conditions.of_state(wanted)), position)


def _stream(query: Select[Any], position: ColumnElement[int]) -> Stream:
    return Stream(query, (position,), (0, 0.0))


def _of_place(wanted: Filter, place: _Place, *columns: ColumnElement[Any]) -> Select[Any]:
    rest = replace(wanted, status=(), task=None)
    return select(*columns).where(
        states.c.task == place.task,
        states.c.status == place.status,
        *conditions.of_state(rest),
    )


class _Place(NamedTuple):
    """A task and a status that the filter allows, and how many examples stand there."""

    task: str
    status: str
    examples: int
    unscored: int


def _places(connection: Connection, wanted: Filter) -> list[_Place]:
    """Every place where an example can fit; of one reviewer, where one of theirs stands."""
    query = select(tally.c.task, tally.c.status, tally.c.examples, tally.c.unscored)
    query = query.where(tally.c.examples > 0)
    if wanted.task is not None:
        query = query.where(tally.c.task == wanted.task)
    if wanted.status:
        query = query.where(tally.c.status.in_(wanted.status))
    if wanted.reviewer is not None:
        query = query.where(
            exists().where(
                reviewer_tally.c.reviewer == wanted.reviewer,
                reviewer_tally.c.task == tally.c.task,
                reviewer_tally.c.status == tally.c.status,
                reviewer_tally.c.examples > 0,
            )
        )
    return [_Place(*row) for row in connection.execute(query)]
