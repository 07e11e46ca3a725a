"""What the journal tells of late: operations since a number, with the examples they moved."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row, case, exists, func, select

from hone.errors import NotFound
from hone.workspace.store.connection import reading
from hone.workspace.store.json_text import from_text
from hone.workspace.store.tables import examples, operations, states, taken_back, tally

_target = operations.alias("target")
# An undo and a redo moved what their target moved.
_NEWS: Any = select(
    operations.c.seq,
    operations.c.op_id,
    operations.c.kind,
    operations.c.verdict,
    operations.c.reviewer,
    operations.c.at,
    operations.c.changed,
    func.coalesce(_target.c.position, operations.c.position).label("position"),
    func.coalesce(_target.c.members, operations.c.members).label("members"),
).select_from(operations.outerjoin(_target, _target.c.seq == operations.c.target))


class News(NamedTuple):
    """One operation, with the ids of the first examples that it is about."""

    row: Row[Any]
    ids: list[str]
    has_more: bool


class Feed:
    """`store.feed`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ends(self) -> tuple[int, int]:
        """The number of the newest operation and the highest position; 0 where there is none."""
        with reading(self._engine) as connection:
            return _ends(connection)

    def since(self, seq: int, *, limit: int, most_ids: int) -> tuple[tuple[int, int], list[News]]:
        """The ends, and up to `limit` operations after a number, oldest first."""
        query = _NEWS.where(operations.c.seq > seq).order_by(operations.c.seq).limit(limit)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
            return _ends(connection), [_news(connection, row, most_ids) for row in rows]

    def about(self, op_id: str, *, most_ids: int) -> News:
        """One operation; NotFound where there is none of that name."""
        with reading(self._engine) as connection:
            row = connection.execute(_NEWS.where(operations.c.op_id == op_id)).first()
            if row is None:
                raise NotFound(
                    f'There is no operation "{op_id}".',
                    hint="hone examples show ID (lists what was decided)",
                )
            return _news(connection, row, most_ids)

    def by_day(self, since: str, task: str | None = None) -> list[tuple[str, int, int]]:
        """Day, decisions and examples they moved, of what was decided since and still stands.

        A bulk decision is one; of its examples those of the task count.
        """
        day = func.substr(operations.c.at, 1, 10)
        moved = operations.c.changed
        stands = ~exists().where(taken_back.c.seq == operations.c.seq)
        with reading(self._engine) as connection:
            if task is not None and not _is_only(connection, task):
                moved = _moved_of(task)
            query = (
                select(day, func.count(), func.sum(moved))
                .where(
                    operations.c.at >= since,
                    operations.c.kind.in_(("decide", "bulk")),
                    stands,
                    moved > 0,
                )
                .group_by(day)
                .order_by(day)
            )
            return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def _is_only(connection: Connection, task: str) -> bool:
    """Whether there are examples of this task alone."""
    query = select(tally.c.task).where(tally.c.examples > 0).distinct()
    return set(connection.execute(query).scalars()) <= {task}


def _moved_of(task: str) -> Any:
    """How many of the examples that an operation is about belong to a task."""
    alone, member = states.alias("alone"), states.alias("member")
    span = func.json_each(operations.c.members).table_valued("value", joins_implicitly=True)
    of_one = (
        select(func.count())
        .where(alone.c.position == operations.c.position, alone.c.task == task)
        .scalar_subquery()
    )
    of_many = (
        select(func.count())
        .where(
            member.c.position >= func.json_extract(span.c.value, "$[0]"),
            member.c.position <= func.json_extract(span.c.value, "$[1]"),
            member.c.task == task,
        )
        .scalar_subquery()
    )
    return case((operations.c.kind == "decide", of_one), else_=of_many)


def _ends(connection: Connection) -> tuple[int, int]:
    seq = connection.execute(select(func.max(operations.c.seq))).scalar() or 0
    position = connection.execute(select(func.max(examples.c.position))).scalar() or 0
    return seq, position


def _news(connection: Connection, row: Row[Any], most_ids: int) -> News:
    spans: list[list[int]] = from_text(row.members, [[row.position, row.position]])
    ids: list[str] = []
    for first, last in spans:
        if len(ids) > most_ids:
            break
        query = select(examples.c.id).where(examples.c.position.between(first, last))
        one_more = most_ids + 1 - len(ids)
        ids += connection.execute(query.order_by(examples.c.position).limit(one_more)).scalars()
    return News(row, ids[:most_ids], len(ids) > most_ids)
