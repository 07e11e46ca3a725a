"""Blind repeats: an example that somebody decided is shown to them again, as if it were new.

It is shown under an id of its own (the alias), behind a pending example (the anchor), once per
reviewer and example. What is decided on it never touches the example or the journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Engine, exists, func, select

from hone.records.example import Example
from hone.records.review import Decision, Receipt
from hone.workspace import clock
from hone.workspace.store import repeat_acts as acts
from hone.workspace.store.connection import reading, writing
from hone.workspace.store.journal_rows import Request
from hone.workspace.store.json_text import from_text
from hone.workspace.store.repeat_offers import (
    masked,
    newest_to_repeat,
    offer,
    rows_where,
    with_newest_act,
)
from hone.workspace.store.rows import fetch
from hone.workspace.store.tables import (
    examples,
    repeat_acts,
    repeats,
    states,
    taken_back,
)

GIVES_ANSWER = ("accept", "edit")
ANSWERED = ("accepted", "edited")


class Totals(NamedTuple):
    """How many repeats one reviewer decided, and how many came out alike."""

    repeats: int
    same: int
    same_verdict: int


class Twice(NamedTuple):
    """What somebody answered, and what they answered when asked again; None: no answer."""

    reviewer: str
    first: Any
    again: Any


class Repeats:
    """`store.repeats`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def behind(self, reviewer: str, anchors: Sequence[Example]) -> dict[int, Example]:
        """What to show behind these pending examples, by their positions.

        A repeat is chosen when its anchor is first asked for and stays with it; one that was
        decided is not shown again. Nothing where nothing was decided long enough ago.
        """
        at = {one.position: one for one in anchors}
        asked = repeats.c.reviewer == reviewer, repeats.c.anchor.in_(list(at))
        with reading(self._engine) as connection:
            known = {row.anchor for row in rows_where(connection, *asked)}
            can_offer = newest_to_repeat(connection, reviewer) is not None
        if can_offer and len(known) < len(at):
            with writing(self._engine) as connection:
                for position in sorted(at.keys() - known):
                    offer(connection, reviewer, at[position])
        with reading(self._engine) as connection:
            rows = [row for row in rows_where(connection, *asked) if row.verdict is None]
            found = fetch(connection, [row.position for row in rows])
        return {row.anchor: masked(one, row) for row, one in zip(rows, found, strict=True)}

    def find(self, alias: str) -> Example | None:
        """The example under this alias, without what was decided on it before."""
        with reading(self._engine) as connection:
            rows = rows_where(connection, repeats.c.alias == alias)
            return masked(fetch(connection, [rows[0].position])[0], rows[0]) if rows else None

    def among(self, ids: Iterable[str]) -> dict[str, str]:
        """Those of these ids that are aliases, each with the id of its example."""
        query = (
            select(repeats.c.alias, examples.c.id)
            .join(examples, examples.c.position == repeats.c.position)
            .where(repeats.c.alias.in_(list(ids)))
        )
        with reading(self._engine) as connection:
            return {row.alias: row.id for row in connection.execute(query)}

    def anchor_of(self, alias: str) -> str | None:
        """The id of the example that a repeat is shown behind."""
        query = select(examples.c.id).join(repeats, repeats.c.anchor == examples.c.position)
        with reading(self._engine) as connection:
            return connection.execute(query.where(repeats.c.alias == alias)).scalar()

    def about(self, op_id: str) -> str | None:
        """The alias that an operation decided, took back or repeated."""
        query = select(repeats.c.alias).join(repeat_acts, repeat_acts.c.repeat == repeats.c.number)
        with reading(self._engine) as connection:
            return connection.execute(query.where(repeat_acts.c.op_id == op_id)).scalar()

    def decide(self, decision: Decision) -> Receipt:
        """Compares a decision with the one of then; idempotent by its op_id."""
        with writing(self._engine) as connection:
            return acts.decide(connection, decision, clock.as_text(clock.now()))

    def undo(self, op_id: str, *, reviewer: str, target: str | None) -> Receipt | None:
        """Takes a decision about a repeat back; None where something else is meant."""
        request = Request(op_id, reviewer, clock.as_text(clock.now()))
        with writing(self._engine) as connection:
            return acts.undo(connection, request, target)

    def redo(self, op_id: str, *, reviewer: str, target: str | None) -> Receipt | None:
        """Lets what was taken back count again; None where something else is meant."""
        request = Request(op_id, reviewer, clock.as_text(clock.now()))
        with writing(self._engine) as connection:
            return acts.redo(connection, request, target)

    def answers(self, task: str) -> list[Twice]:
        """Every example of a task that somebody decided twice, with the answers of both times."""
        of_task = exists().where(states.c.position == repeats.c.position, states.c.task == task)
        stands = ~exists().where(taken_back.c.seq == repeats.c.seq)
        found: list[Twice] = []
        with reading(self._engine) as connection:
            for row in rows_where(connection, repeat_acts.c.verdict.is_not(None), of_task, stands):
                status, first = acts.then(connection, row)
                again = row.output if row.verdict in GIVES_ANSWER else None
                first = first if status in ANSWERED else None
                found.append(Twice(row.reviewer, from_text(first), from_text(again)))
        return found

    def totals(self, task: str | None = None) -> dict[str, Totals]:
        """By reviewer; what was compared with a decision that was taken back does not count."""
        is_same = repeat_acts.c.is_same_verdict * repeat_acts.c.is_same_answer
        query = with_newest_act(
            repeats.c.reviewer,
            func.count(),
            func.sum(is_same),
            func.sum(repeat_acts.c.is_same_verdict),
        ).where(
            repeat_acts.c.verdict.is_not(None),
            ~exists().where(taken_back.c.seq == repeats.c.seq),
        )
        if task is not None:
            query = query.where(
                exists().where(states.c.position == repeats.c.position, states.c.task == task)
            )
        with reading(self._engine) as connection:
            rows = connection.execute(
                query.group_by(repeats.c.reviewer).order_by(repeats.c.reviewer)
            )
            return {name: Totals(*numbers) for name, *numbers in rows}
