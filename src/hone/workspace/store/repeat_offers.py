"""Which decided example is shown again, and how it looks: as if nobody had decided it."""

from __future__ import annotations

import random
import secrets
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select

from hone.records.example import Example
from hone.records.review import STATUS_OF
from hone.workspace import clock
from hone.workspace.store.json_text import from_text
from hone.workspace.store.tables import operations, repeat_acts, repeats, states

# What is remembered tells nothing: so many of a reviewer's operations must lie in between.
LEAST_BETWEEN = 20
# Looked at from a random place on, so that finding one costs the same in a journal of any length.
LOOKED_AT = 500
TRIES = 3
VERDICTS = ("accept", "edit", "reject")

_newest_act = (
    select(func.max(repeat_acts.c.number))
    .where(repeat_acts.c.repeat == repeats.c.number)
    .correlate(repeats)
    .scalar_subquery()
)


def with_newest_act(*columns: Any) -> Any:
    """Repeats, each with its newest act where there is one: `verdict` is set where it counts."""
    joined = repeats.outerjoin(repeat_acts, repeat_acts.c.number == _newest_act)
    return select(*columns).select_from(joined)


def rows_where(connection: Connection, *asked: Any) -> list[Row[Any]]:
    """Repeats with what was decided on them, in the order in which they were offered."""
    query = with_newest_act(
        repeats,
        repeat_acts.c.kind,
        repeat_acts.c.verdict,
        repeat_acts.c.output,
        repeat_acts.c.is_same_verdict,
        repeat_acts.c.is_same_answer,
    )
    return list(connection.execute(query.where(*asked).order_by(repeats.c.number)).all())


def newest_to_repeat(connection: Connection, reviewer: str) -> int | None:
    """The newest operation of a reviewer that is long enough ago."""
    query = select(operations.c.seq).where(operations.c.reviewer == reviewer)
    newest_first = query.order_by(operations.c.seq.desc()).limit(1).offset(LEAST_BETWEEN)
    return connection.execute(newest_first).scalar()


def offer(connection: Connection, reviewer: str, anchor: Example) -> None:
    """Chooses what is shown behind an anchor; nothing where nothing is found."""
    newest = newest_to_repeat(connection, reviewer)
    if newest is None:
        return
    # The same anchor leads to the same place, however often a page is asked for.
    chance = random.Random(f"{reviewer}\n{anchor.id}")
    for _ in range(TRIES):
        between = chance.randrange(1, newest + 1), newest
        row = _candidate(connection, reviewer, anchor.task, between)
        if row is not None:
            connection.execute(
                repeats.insert(),
                {
                    "alias": secrets.token_hex(16),
                    "reviewer": reviewer,
                    "position": row.position,
                    "anchor": anchor.position,
                    "seq": row.seq,
                    "shown_at": clock.as_text(clock.now()),
                },
            )
            return


def masked(example: Example, row: Row[Any]) -> Example:
    """The example without what anybody decided on it, or as this repeat was decided."""
    is_decided = row.verdict is not None
    return example.model_copy(
        update={
            "id": row.alias,
            "output": from_text(row.output) if is_decided else None,
            "status": STATUS_OF[row.verdict] if is_decided else "pending",
            "reviewer": row.reviewer if is_decided else None,
            "note": "",
            "version": 2 if is_decided else 1,
        }
    )


def _candidate(
    connection: Connection, reviewer: str, task: str, between: tuple[int, int]
) -> Row[Any] | None:
    """A decision of the reviewer that stands, from a place in the journal on."""
    looked_at = (
        select(operations.c.seq, operations.c.position, operations.c.verdict)
        .where(operations.c.reviewer == reviewer, operations.c.seq.between(*between))
        .order_by(operations.c.seq)
        .limit(LOOKED_AT)
        .subquery()
    )
    is_known = exists().where(
        repeats.c.reviewer == reviewer, repeats.c.position == looked_at.c.position
    )
    query: Any = (
        select(looked_at.c.seq, looked_at.c.position)
        .join(states, states.c.position == looked_at.c.position)
        .where(
            looked_at.c.verdict.in_(VERDICTS),
            states.c.last_operation == looked_at.c.seq,
            states.c.task == task,
            ~is_known,
        )
    )
    return connection.execute(query.order_by(looked_at.c.seq).limit(1)).first()
