"""Predictions that were made ahead: who gave them, to which example; a page is a lookup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, delete, exists, func, insert, select

from hone.workspace.predictions import Prediction
from hone.workspace.store.connection import reading, writing
from hone.workspace.store.json_text import from_text
from hone.workspace.store.tables import examples
from hone.workspace.store.work_tables import predicted

BATCH_ROWS = 5_000


class Giver(NamedTuple):
    """Who predicts: `by` is a model version or a state of the rules; it names no second thing."""

    task: str
    method: str
    by: str


class Unasked(NamedTuple):
    """An example that somebody has not answered yet."""

    position: int
    input: dict[str, Any]
    context: list[Any]


class PredictedAhead:
    """`store.predicted`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, giver: Giver, answers: Iterable[Prediction]) -> int:
        """Keeps answers whose ids are positions; those of the same giver again replace."""
        source, count = iter(answers), 0
        while batch := list(islice(source, BATCH_ROWS)):
            rows = [
                {
                    "by": giver.by,
                    "position": int(one.id),
                    "task": giver.task,
                    "method": giver.method,
                    "text": one.text,
                    "confidence": one.confidence,
                    "seconds": one.seconds,
                    "is_complete": int(one.is_complete),
                    "problem": one.problem,
                }
                for one in batch
            ]
            with writing(self._engine) as connection:
                connection.execute(insert(predicted).prefix_with("OR REPLACE"), rows)
            count += len(rows)
        return count

    def givers(self, task: str | None = None) -> list[Giver]:
        """Everybody whose answers are kept, one step of the index for each."""
        found: list[Giver] = []
        with reading(self._engine) as connection:
            last = ""
            while row := connection.execute(
                select(predicted.c.task, predicted.c.method, predicted.c.by)
                .where(predicted.c.by > last)
                .order_by(predicted.c.by, predicted.c.position)
                .limit(1)
            ).first():
                found.append(Giver(*row))
                last = row.by
        return [one for one in found if task in (None, one.task)]

    def count(self, by: str) -> int:
        """How many examples somebody has answered."""
        query = select(func.count()).where(predicted.c.by == by)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar() or 0

    def of(self, by: str, ids: Sequence[str]) -> dict[str, Prediction]:
        """What somebody answered to these examples, by their ids."""
        columns = predicted.c
        query = (
            select(
                examples.c.id,
                columns.text,
                columns.confidence,
                columns.seconds,
                columns.is_complete,
                columns.problem,
            )
            .join(examples, examples.c.position == columns.position)
            .where(columns.by == by, examples.c.id.in_(ids))
        )
        with reading(self._engine) as connection:
            return {
                row.id: Prediction(
                    id=row.id,
                    text=row.text,
                    confidence=row.confidence,
                    seconds=row.seconds,
                    is_complete=bool(row.is_complete),
                    problem=row.problem,
                )
                for row in connection.execute(query)
            }

    def unasked(self, giver: Giver, total: int, most: int) -> list[Unasked]:
        """Up to so many examples that somebody has not answered, in the order of import.

        `total` is how many the task has. What was imported last is found without looking at what
        was answered before; gaps are only looked for where the numbers say that there are some.
        """
        with reading(self._engine) as connection:
            newest = select(func.max(predicted.c.position)).where(predicted.c.by == giver.by)
            after = connection.execute(newest).scalar() or 0
            found = _unasked(connection, giver, after, most)
        if found or self.count(giver.by) >= total:
            return found
        with reading(self._engine) as connection:
            return _unasked(connection, giver, 0, most)

    def forget(self, by: str) -> None:
        """Deletes all that somebody answered, some at a time: nobody waits long for the lock."""
        some = (
            select(predicted.c.position)
            .where(predicted.c.by == by)
            .limit(BATCH_ROWS)
            .scalar_subquery()
        )
        gone = delete(predicted).where(predicted.c.by == by, predicted.c.position.in_(some))
        while True:
            with writing(self._engine) as connection:
                if not connection.execute(gone).rowcount:
                    return


def _unasked(connection: Connection, giver: Giver, after: int, most: int) -> list[Unasked]:
    is_there = exists().where(
        predicted.c.by == giver.by, predicted.c.position == examples.c.position
    )
    query = (
        select(examples.c.position, examples.c.input, examples.c.context)
        .where(examples.c.task == giver.task, examples.c.position > after, ~is_there)
        .order_by(examples.c.position)
        .limit(most)
    )
    return [
        Unasked(row.position, from_text(row.input), from_text(row.context) if row.context else [])
        for row in connection.execute(query)
    ]
