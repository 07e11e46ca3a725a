"""How many examples stand where: kept with every change, so a counter never counts."""

from __future__ import annotations

from typing import NamedTuple, get_args

from sqlalchemy import Connection, func, select

from hone.records.example import Status
from hone.workspace.store.tables import reviewer_tally, tally

STATUSES: tuple[str, ...] = get_args(Status)


class Place(NamedTuple):
    """What is counted together; `reviewer` is None where nobody decided."""

    task: str
    status: str
    reviewer: str | None = None


def add(connection: Connection, place: Place, number: int, unscored: int) -> None:
    """Adds to the counts of a place, or takes from them; `unscored` of the number are so."""
    connection.exec_driver_sql(
        "INSERT INTO tally (task, status, examples, unscored) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (task, status) DO UPDATE SET examples = examples + excluded.examples,"
        " unscored = unscored + excluded.unscored",
        (place.task, place.status, number, unscored),
    )
    if place.reviewer is not None:
        connection.exec_driver_sql(
            "INSERT INTO reviewer_tally (reviewer, task, status, examples) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (reviewer, task, status)"
            " DO UPDATE SET examples = examples + excluded.examples",
            (place.reviewer, place.task, place.status, number),
        )


def by_reviewer(connection: Connection, task: str | None) -> dict[str, dict[str, int]]:
    """Reviewer to status to number; only what there is."""
    table = reviewer_tally.c
    query = select(table.reviewer, table.status, func.sum(table.examples)).where(table.examples > 0)
    if task is not None:
        query = query.where(table.task == task)
    query = query.group_by(table.reviewer, table.status).order_by(table.reviewer, table.status)
    found: dict[str, dict[str, int]] = {}
    for reviewer, status, number in connection.execute(query):
        found.setdefault(reviewer, {})[status] = int(number)
    return found


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
        "INSERT INTO tally (task, status, examples, unscored)"
        " SELECT task, status, count(*), sum(agreement IS NULL) FROM states GROUP BY task, status"
    )
    connection.exec_driver_sql("DELETE FROM reviewer_tally")
    connection.exec_driver_sql(
        "INSERT INTO reviewer_tally (reviewer, task, status, examples)"
        " SELECT reviewer, task, status, count(*) FROM states WHERE reviewer IS NOT NULL"
        " GROUP BY reviewer, task, status"
    )
