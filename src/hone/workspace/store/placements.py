"""Where examples stood before: what a new dataset version must respect."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Engine, select

from hone.records.dataset import Member
from hone.records.example import Example
from hone.workspace.store.connection import reading
from hone.workspace.store.rows import fetch, in_chunks
from hone.workspace.store.tables import datasets, examples, members, tested


class Placements:
    """`store.placements`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def placed(self, name: str) -> list[Member]:
        """Every example that was ever in a version of `name`, where the newest of them had it."""
        query = (
            select(examples.c.id, members.c.version, members.c.split, members.c.weight)
            .join(datasets, datasets.c.number == members.c.dataset)
            .join(examples, examples.c.position == members.c.position)
            .where(datasets.c.name == name)
            .order_by(datasets.c.version)
        )
        with reading(self._engine) as connection:
            # Later versions come later, so the last word stays.
            last = {row.id: row for row in connection.execute(query)}
        return [
            Member(id=row.id, version=row.version, split=row.split, weight=row.weight)
            for row in last.values()
        ]

    def tested(self, task: str) -> Iterator[Example]:
        """The examples of a task that are or ever were in a val or test split of any dataset."""
        query = (
            select(tested.c.position)
            .join(examples, examples.c.position == tested.c.position)
            .where(examples.c.task == task)
            .order_by(tested.c.position)
        )
        with reading(self._engine) as connection:
            found = connection.execute(query).scalars().all()
            for chunk in in_chunks(iter(found), 500):
                yield from fetch(connection, chunk)
