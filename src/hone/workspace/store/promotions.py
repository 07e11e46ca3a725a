"""Test examples that were promoted: out of every val and test split, for ever."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Engine, func, insert, select

from hone.errors import NotFound
from hone.records.flag import Promotion
from hone.workspace import clock
from hone.workspace.store.connection import reading, writing
from hone.workspace.store.feedback_tables import promotions
from hone.workspace.store.tables import examples

_because = examples.alias("because_of_example")


class Promotions:
    """`store.promotions`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def promote(
        self, example_id: str, siblings: Iterable[str], *, reviewer: str, note: str = ""
    ) -> list[Promotion]:
        """Journals that an example and its siblings left their test sets; gives what is new.

        Those that were promoted before stay as they are. NotFound where one is no example.
        """
        named = list(dict.fromkeys([example_id, *siblings]))
        at = clock.as_text(clock.now())
        with writing(self._engine) as connection:
            query = select(examples.c.id, examples.c.position).where(examples.c.id.in_(named))
            places = {row.id: row.position for row in connection.execute(query)}
            absent = [name for name in named if name not in places]
            if absent:
                raise NotFound(f'There is no example "{absent[0]}".', hint="hone flags list")
            done = set(connection.execute(select(promotions.c.position)).scalars())
            newest = connection.execute(select(func.max(promotions.c.seq))).scalar() or 0
            rows = [
                {
                    "at": at,
                    "reviewer": reviewer,
                    "position": places[name],
                    "because_of": places[example_id],
                    "note": note,
                }
                for name in named
                if places[name] not in done
            ]
            for seq, row in enumerate(rows, newest + 1):
                connection.execute(insert(promotions), {"seq": seq, **row})
        return [one for one in self.list() if one.seq > newest]

    def list(self) -> Sequence[Promotion]:
        """Every promotion, oldest first."""
        query = (
            select(promotions, examples.c.id, _because.c.id.label("because"))
            .join(examples, examples.c.position == promotions.c.position)
            .join(_because, _because.c.position == promotions.c.because_of)
            .order_by(promotions.c.seq)
        )
        with reading(self._engine) as connection:
            return [
                Promotion(
                    seq=row.seq,
                    at=datetime.fromisoformat(row.at),
                    reviewer=row.reviewer,
                    example_id=row.id,
                    because_of=row.because,
                    note=row.note,
                )
                for row in connection.execute(query)
            ]

    def ids(self) -> set[str]:
        """The examples that were promoted."""
        query = select(examples.c.id).join(promotions, promotions.c.position == examples.c.position)
        with reading(self._engine) as connection:
            return set(connection.execute(query).scalars())
