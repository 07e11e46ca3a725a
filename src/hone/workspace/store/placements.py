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

    def tested(self, task: str) -> Iterator[tuple[Example, str]]:
        """The examples of a task that are or ever were in a val or test split of any dataset,
        each with the split where it was last.
        """
        query = (
            select(members.c.position, members.c.split)
            .join(examples, examples.c.position == members.c.position)
            .join(tested, tested.c.position == members.c.position)
            .where(examples.c.task == task, members.c.split.in_(("val", "test")))
            .order_by(members.c.dataset)
        )
        with reading(self._engine) as connection:
            split_at = {row.position: row.split for row in connection.execute(query)}
            for chunk in in_chunks(iter(sorted(split_at)), 500):
                for example in fetch(connection, chunk):
                    yield example, split_at[example.position]
