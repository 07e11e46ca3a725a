"""The orders of a queue: where an example stands in each, and cursors that name such a place.

A key is (phase, certainty, position), rising in the order's own direction. Phases of
least_certain: 0 what has a score or a contradiction, 1 the rest. Phases of most_valuable: 0, 1, 2
for pending examples whose suggestions contradict each other, that have a score, and the rest;
3, 4, 5 for the same among the others. In the orders of import only the position counts.
"""

from __future__ import annotations

from math import isfinite
from typing import NamedTuple

from sqlalchemy import Connection, case, literal, select
from sqlalchemy.sql.elements import ColumnElement

from hone.errors import InvalidInput, NotFound
from hone.records.choice import Order
from hone.workspace.store.tables import examples, states

CONTRADICTED, SCORED, REST = 0, 1, 2
DECIDED = 3  # added to the phase of what is no longer pending


class Key(NamedTuple):
    """The place of an example in an order."""

    phase: int
    certainty: float
    position: int


def cursor_of(order: Order, key: Key) -> str:
    """A key as the text that a page begins behind or ends before."""
    return f"{order}:{key.phase}:{key.certainty!r}:{key.position}"


def key_of_cursor(order: Order, cursor: str) -> Key:
    """The key that a cursor names; InvalidInput where it is none, or one of another order."""
    name, *parts = cursor.split(":")
    try:
        phase, certainty, position = parts
        key = Key(int(phase), float(certainty), int(position))
    except ValueError:
        key = None
    if key is None or name != order or not isfinite(key.certainty) or abs(key.position) >= 2**63:
        raise InvalidInput(
            f'"{cursor[:80]}" is no cursor of the order {order}.',
            hint="Take `first` or `last` of a page in this order, or leave the cursor out.",
        )
    return key


def key_of_example(connection: Connection, order: Order, example_id: str) -> Key:
    """Where an example stands; NotFound where there is none."""
    query = (
        select(*key_columns(order))
        .join(examples, examples.c.position == states.c.position)
        .where(examples.c.id == example_id)
    )
    row = connection.execute(query).first()
    if row is None:
        raise NotFound(
            f'There is no example "{example_id}".', hint="hone examples list shows the ids."
        )
    return Key(*row)


def key_columns(
    order: Order,
) -> tuple[ColumnElement[int], ColumnElement[float], ColumnElement[int]]:
    """Phase, certainty and position of a row of `states`, as expressions."""
    if order in ("file", "newest"):
        return literal(0), literal(0.0), states.c.position
    is_rest = states.c.agreement.is_(None)
    certainty = case((is_rest, 0.0), else_=states.c.certainty)
    if order == "least_certain":
        return case((is_rest, 1), else_=0), certainty, states.c.position
    phase = case((is_rest, REST), else_=states.c.agreement)
    decided = case((states.c.status == "pending", 0), else_=DECIDED)
    return phase + decided, certainty, states.c.position
