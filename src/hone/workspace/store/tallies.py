"""How many examples stand where: kept with every change, so a counter never counts."""

from __future__ import annotations

from typing import get_args

from sqlalchemy import Connection, func, select

from hone.records.example import Status
from hone.workspace.store.tables import tally

STATUSES: tuple[str, ...] = get_args(Status)


def add(connection: Connection, task: str, status: str, number: int) -> None:
    """Adds to one count, or takes from it."""
    connection.exec_driver_sql(
        "INSERT INTO tally (task, status, examples) VALUES (?, ?, ?)"
        " ON CONFLICT (task, status) DO UPDATE SET examples = examples + excluded.examples",
        (task, status, number),
    )


def counters(connection: Connection, task: str | None) -> dict[str, int]:
    """Status to number, every status named."""
    query = select(tally.c.status, func.sum(tally.c.examples)).group_by(tally.c.status)
    if task is not None:
        query = query.where(tally.c.task == task)
    counted = {status: int(number) for status, number in connection.execute(query)}
    return {status: counted.get(status, 0) for status in STATUSES}


def recount(connection: Connection) -> None:
    """Counts everything anew; only a rebuild needs it."""
    connection.exec_driver_sql("DELETE FROM tally")
    connection.exec_driver_sql(
        "INSERT INTO tally (task, status, examples)"
        " SELECT task, status, count(*) FROM states GROUP BY task, status"
    )
