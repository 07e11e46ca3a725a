"""Rows of the journal: found by name, answered twice alike, added at the end."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, func, insert, select

from hone.records.review import Receipt
from hone.workspace.store.tables import operations

# Built once: putting a query together costs more than the database needs to answer it.
_NAMED = select(operations).where(operations.c.op_id == bindparam("op_id"))
_LAST = select(func.max(operations.c.seq))
_ADD = insert(operations)
OP_ID_USED = "this op_id already stands for another operation: choose a new one"


class Request(NamedTuple):
    """Who asks, when, and the name that makes asking twice harmless."""

    op_id: str
    reviewer: str
    at: str


def find(connection: Connection, op_id: str) -> Row[Any] | None:
    """The operation of this name, if there is one."""
    return connection.execute(_NAMED, {"op_id": op_id}).first()


def at_seq(connection: Connection, seq: int) -> Row[Any]:
    """The operation of this number."""
    return connection.execute(select(operations).where(operations.c.seq == seq)).one()


def again(earlier: Row[Any], *, is_same: bool) -> Receipt:
    """The receipt for a request whose name is known already."""
    if not is_same:
        return Receipt(op_id=earlier.op_id, outcome="refused", reason=OP_ID_USED)
    return Receipt(
        op_id=earlier.op_id,
        outcome="duplicate",
        version=earlier.version,
        changed=earlier.changed,
        kept=earlier.kept,
    )


def next_seq(connection: Connection) -> int:
    """The number of the next operation; the write lock keeps it ours."""
    return (connection.execute(_LAST).scalar() or 0) + 1


def write(connection: Connection, request: Request, **columns: Any) -> None:
    """Adds a row to the journal."""
    connection.execute(
        _ADD,
        {
            "op_id": request.op_id,
            "reviewer": request.reviewer,
            "at": request.at,
            "kept": 0,
            **columns,
        },
    )
