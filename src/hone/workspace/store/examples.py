"""Examples: taken in by the million, read in pages, counted without looking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, bindparam, func, select

from hone.errors import InvalidInput, NotFound
from hone.records.choice import Span
from hone.records.dataset import ExampleQuery
from hone.records.example import Example
from hone.workspace.clock import as_text
from hone.workspace.store import tallies, windows
from hone.workspace.store.connection import CACHE_KIB, reading, set_cache, writing
from hone.workspace.store.filters import Filter
from hone.workspace.store.json_text import from_text, to_text, to_text_or_null
from hone.workspace.store.rows import (
    effective_output,
    example_of,
    example_query,
    fetch,
    in_chunks,
    with_answer,
)
from hone.workspace.store.tables import FINGERPRINT_START, UNSCORED, examples, states
from hone.workspace.store.walks import positions
from hone.workspace.store.windows import Window

BATCH_ROWS, MOST_BATCH_ROWS = 10_000, 40_000
# Ids are random: a batch touches most pages of their index, whatever its size. So batches grow with
# the store, and an import keeps those pages in memory.
SHARE_OF_STORE = 10
IMPORT_CACHE_KIB = 128 * 1024
PAGE_LIMIT = 200


class NewExample(NamedTuple):
    """An example on its way in: values already as text, so a million cost no records.

    `input` and `proposal` are compact JSON; `suggestions` (the further ones), `context`,
    `origin` and `tags` are JSON or None; `occurred_at` is UTC text of `clock.as_text`;
    `search` is what a search looks through (it is indexed, not stored).
    """

    id: str
    task: str
    input: str
    fingerprint: str
    proposal: str | None = None
    proposal_agent: str | None = None
    proposal_score: float | None = None
    suggestions: str | None = None
    context: str | None = None
    origin: str | None = None
    file: str | None = None
    tags: str | None = None
    occurred_at: str | None = None
    group_key: str | None = None
    search: str = ""


class Added(NamedTuple):
    """What became of the rows; new examples stand at positions `first`..`last`."""

    taken: int
    duplicate: int
    first: int | None = None
    last: int | None = None


class Page(NamedTuple):
    """Examples in the order of import, the counts beside them, and whether more follow."""

    items: list[Example]
    counters: dict[str, int]
    has_more: bool


_NAMED = example_query().where(examples.c.id == bindparam("example_id"))
_INSERT = (
    "INSERT INTO examples (id, task, input, fingerprint, proposal, proposal_agent, proposal_score,"
    " suggestions, context, origin, file, tags, occurred_at, group_key)"
    " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO NOTHING"
)


def new_example(example: Example, *, search: str) -> NewExample:
    """A record as a row on its way in; for tests and small sources, where speed is no matter."""
    first = example.suggestions[0] if example.suggestions else None
    further = [one.model_dump() for one in example.suggestions[1:]]
    return NewExample(
        id=example.id,
        task=example.task,
        input=to_text(example.input),
        fingerprint=example.fingerprint,
        search=search,
        proposal=to_text(first.output) if first else None,
        proposal_agent=first.agent if first else None,
        proposal_score=first.score if first else None,
        suggestions=to_text_or_null(further),
        context=to_text_or_null([one.model_dump() for one in example.context]),
        origin=to_text_or_null(example.origin.model_dump(exclude_none=True)),
        file=example.origin.file,
        tags=to_text_or_null(example.tags),
        occurred_at=_as_text_or_none(example.occurred_at),
        group_key=example.group,
    )


class Examples:
    """`store.examples`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add_many(self, rows: Iterable[NewExample]) -> Added:
        """Takes rows in, 10,000 a transaction (40,000 in a large store); a known id is a duplicate.

        Memory does not grow with the number of rows. Every batch that was taken is on the disk
        and searchable; after an interruption the same call takes the rest.
        """
        source = iter(rows)
        taken = duplicate = 0
        first: int | None = None
        last: int | None = None
        size = BATCH_ROWS
        while batch := list(islice(source, size)):
            is_last = len(batch) < size
            with writing(self._engine) as connection:
                set_cache(connection, CACHE_KIB if is_last else IMPORT_CACHE_KIB)
                begin = connection.execute(select(func.max(examples.c.position))).scalar() or 0
                added = _add_batch(connection, batch, begin)
            size = min(max(BATCH_ROWS, begin // SHARE_OF_STORE), MOST_BATCH_ROWS)
            taken += added
            duplicate += len(batch) - added
            if added:
                first = first or begin + 1
                last = begin + added
        return Added(taken, duplicate, first, last)

    def get(self, example_id: str) -> Example:
        """One example as it stands; NotFound where there is none."""
        with reading(self._engine) as connection:
            row = connection.execute(_NAMED, {"example_id": example_id}).first()
        if row is None:
            raise NotFound(
                f'There is no example "{example_id}".', hint="hone examples list shows the ids."
            )
        return example_of(row)

    def task_of(self, example_id: str) -> str:
        """The name of an example's task; NotFound where there is no such example."""
        query = select(examples.c.task).where(examples.c.id == example_id)
        with reading(self._engine) as connection:
            name = connection.execute(query).scalar()
        if name is None:
            raise NotFound(
                f'There is no example "{example_id}".', hint="hone examples list shows the ids."
            )
        return name

    def page(
        self,
        wanted: Filter | None = None,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> Page:
        """Up to `limit` examples after (or before) a position, always in rising order."""
        if not 1 <= limit <= PAGE_LIMIT:
            raise InvalidInput(
                f"A page of {limit} examples is not possible.", hint=f"Ask for 1 to {PAGE_LIMIT}."
            )
        wanted = wanted or Filter()
        with reading(self._engine) as connection:
            found = list(positions(connection, wanted, after=after, before=before, limit=limit + 1))
            has_more = len(found) > limit
            items = fetch(connection, sorted(found[:limit]))
            counters = tallies.counters(connection, wanted.task)
        return Page(items, counters, has_more)

    def window(self, wanted: Filter, span: Span) -> Window:
        """A page in any order, with cursors; every page costs the same."""
        with reading(self._engine) as connection:
            return windows.window(connection, wanted, span)

    def iterate(
        self, query: ExampleQuery | Filter | None = None, *, task: str | None = None
    ) -> Iterator[Example]:
        """Every example that fits, in order, from one consistent view; memory stays flat."""
        wanted, limit = _wanted(query, task)
        with reading(self._engine) as connection:
            for chunk in in_chunks(positions(connection, wanted, limit=limit), 500):
                yield from fetch(connection, chunk)

    def outputs(self, task: str, statuses: Sequence[str]) -> Iterator[Any]:
        """The outputs alone, as they stand, of a task's examples in these statuses; in no order."""
        query = with_answer(effective_output).where(
            states.c.task == task, states.c.status.in_(statuses)
        )
        with reading(self._engine) as connection:
            rows = connection.execution_options(yield_per=1000).execute(query)
            yield from map(from_text, rows.scalars())

    def positions(self, wanted: Filter) -> list[int]:
        """Where the examples that fit stand, rising."""
        with reading(self._engine) as connection:
            return list(positions(connection, wanted))

    def count(self, wanted: Filter | ExampleQuery | None = None, *, task: str | None = None) -> int:
        """How many fit; at once for a filter by status and task. A query's limit does not count."""
        chosen, _ = _wanted(wanted, task)
        with reading(self._engine) as connection:
            if chosen.is_tallied:
                counted = tallies.counters(connection, chosen.task)
                return sum(
                    number
                    for status, number in counted.items()
                    if not chosen.status or status in chosen.status
                )
            return sum(1 for _ in positions(connection, chosen))

    def counters(self, task: str | None = None) -> dict[str, int]:
        """How many stand in each status, every status named; kept, not counted."""
        with reading(self._engine) as connection:
            return tallies.counters(connection, task)

    def search(self, typed: str, *, limit: int = 50) -> list[Example]:
        """The first examples in which every word occurs; the last word may be unfinished."""
        return self.page(Filter(text=typed), limit=limit).items


def _wanted(query: ExampleQuery | Filter | None, task: str | None) -> tuple[Filter, int | None]:
    if isinstance(query, ExampleQuery):
        return Filter.of(query, task=task), query.limit
    wanted = query or Filter()
    return (replace(wanted, task=task) if task is not None else wanted), None


def _add_batch(connection: Connection, batch: list[NewExample], begin: int) -> int:
    """Inserts what is new; its state, its index entries and its count follow from what went in."""
    connection.exec_driver_sql(_INSERT, [row[:-1] for row in batch])
    end = connection.execute(select(func.max(examples.c.position))).scalar() or 0
    if end == begin:
        return 0
    connection.exec_driver_sql(
        "INSERT INTO states (position, task, status, version, agreement, certainty)"
        " SELECT position, task, 'pending', 1, CASE WHEN proposal_score IS NOT NULL THEN 1 END,"
        f" coalesce(proposal_score, {UNSCORED!r})"
        " FROM examples WHERE position > ?",
        (begin,),
    )
    fresh = _fresh(connection, batch, begin, is_whole=end - begin == len(batch))
    contradicted = {position for position, row in fresh if _is_contradicted(row)}
    if contradicted:
        connection.exec_driver_sql(
            "UPDATE states SET agreement = 0 WHERE position = ?",
            [(position,) for position in contradicted],
        )
    connection.exec_driver_sql(
        "INSERT INTO example_search (rowid, text) VALUES (?, ?)",
        [(position, row.search) for position, row in fresh],
    )
    connection.exec_driver_sql(
        "INSERT INTO example_fingerprints (rowid, start) VALUES (?, ?)",
        [(position, row.fingerprint[:FINGERPRINT_START]) for position, row in fresh],
    )
    counted = Counter(row.task for _, row in fresh)
    unscored = Counter(
        row.task
        for position, row in fresh
        if row.proposal_score is None and position not in contradicted
    )
    for task, number in counted.items():
        tallies.add(connection, tallies.Place(task, "pending"), number, unscored[task])
    return end - begin


def _is_contradicted(row: NewExample) -> bool:
    """Whether a further suggestion gives another answer than the first one."""
    if row.suggestions is None or row.proposal is None:
        return False
    first = from_text(row.proposal)
    return any(one["output"] != first for one in from_text(row.suggestions))


def _fresh(
    connection: Connection, batch: list[NewExample], begin: int, *, is_whole: bool
) -> list[tuple[int, NewExample]]:
    """The rows that went in, with their positions."""
    if is_whole:
        # Nothing was known: the rows stand in their order.
        return list(enumerate(batch, begin + 1))
    fresh = select(examples.c.id, examples.c.position).where(examples.c.position > begin)
    place = {row.id: row.position for row in connection.execute(fresh)}
    # The first row with an id is the one that went in; a later twin has nothing to index.
    return [(place.pop(row.id), row) for row in batch if row.id in place]


def _as_text_or_none(moment: datetime | None) -> str | None:
    return as_text(moment) if moment is not None else None
