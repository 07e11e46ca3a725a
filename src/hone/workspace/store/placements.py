"""Where examples stood before: what a new dataset version must respect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Engine, case, func, select

from hone.records.dataset import Member
from hone.records.example import Example
from hone.workspace.store.connection import reading
from hone.workspace.store.datasets import named
from hone.workspace.store.feedback_tables import promotions
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

    def among(self, ref: str, ids: Iterable[str]) -> dict[str, Member]:
        """Those of `ids` that are members of a version, with the split where they are."""
        found: dict[str, Member] = {}
        wanted = list(ids)
        with reading(self._engine) as connection:
            number = named(connection, ref).number
            for start in range(0, len(wanted), 500):
                query = (
                    select(examples.c.id, members.c.version, members.c.split, members.c.weight)
                    .join(examples, examples.c.position == members.c.position)
                    .where(members.c.dataset == number)
                    .where(examples.c.id.in_(wanted[start : start + 500]))
                )
                for row in connection.execute(query):
                    found[row.id] = Member(
                        id=row.id, version=row.version, split=row.split, weight=row.weight
                    )
        return found

    def ever_trained_of(self, ids: Iterable[str]) -> set[str]:
        """Those of `ids` that are or ever were in a train split of any dataset."""
        query = (
            select(examples.c.id)
            .join(members, members.c.position == examples.c.position)
            .where(members.c.split == "train")
        )
        with reading(self._engine) as connection:
            trained = set(connection.execute(query.distinct()).scalars())
        return trained.intersection(ids)

    def cut_groups(self, task: str) -> set[str]:
        """Groups that a version had to cut through, for want of groups: both sides know them."""
        is_train = case((members.c.split == "train", 1), else_=0)
        is_tested = case((members.c.split.in_(("val", "test")), 1), else_=0)
        query = (
            select(examples.c.group_key)
            .join(members, members.c.position == examples.c.position)
            .where(examples.c.task == task, examples.c.group_key.is_not(None))
            .group_by(members.c.dataset, examples.c.group_key)
            .having(func.sum(is_train) > 0, func.sum(is_tested) > 0)
        )
        with reading(self._engine) as connection:
            return set(connection.execute(query).scalars())

    def tested(self, task: str) -> Iterator[tuple[Example, str]]:
        """The examples of a task that are or ever were in a val or test split of any dataset,
        each with the split where it was last; without those that were promoted.
        """
        query = _TESTED.where(examples.c.task == task)
        with reading(self._engine) as connection:
            split_at = {row.position: row.split for row in connection.execute(query)}
            for chunk in in_chunks(iter(sorted(split_at)), 500):
                for example in fetch(connection, chunk):
                    yield example, split_at[example.position]

    def tested_splits(self, task: str) -> dict[str, str]:
        """The same by id, without reading the examples."""
        query = _TESTED.where(examples.c.task == task)
        with reading(self._engine) as connection:
            return {row.id: row.split for row in connection.execute(query)}


# In the order of their datasets, so that the last word stays.
_TESTED = (
    select(members.c.position, members.c.split, examples.c.id)
    .join(examples, examples.c.position == members.c.position)
    .join(tested, tested.c.position == members.c.position)
    .where(members.c.split.in_(("val", "test")))
    .where(tested.c.position.not_in(select(promotions.c.position)))
    .order_by(members.c.dataset)
)
