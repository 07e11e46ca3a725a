"""The ledger: every cent, as lines that are never changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select

from hone.errors import GateRefused, InvalidInput
from hone.records.ledger import LedgerEntry
from hone.workspace import clock
from hone.workspace.store.connection import reading, writing
from hone.workspace.store.work_tables import ledger

_MICRO = 1_000_000


class Ledger:
    """`store.ledger`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def write(self, entry: LedgerEntry) -> None:
        """Adds one line; on the disk when this returns."""
        with writing(self._engine) as connection:
            _add(connection, entry, round(entry.amount_usd * _MICRO))

    def reserve(self, entry: LedgerEntry, *, least_usd: float, month_usd: float) -> float:
        """Promises `entry.amount_usd`, or what the month leaves of it; gives what was promised.

        `month_usd` bounds what is spent in the entry's month and promised, of all jobs together;
        nothing may come between that sum and the promise. GateRefused where not even `least_usd`
        fits; nothing is written then.
        """
        month = f"{entry.at:%Y-%m}"
        with writing(self._engine) as connection:
            used = _spent(connection, month, None) + _promised(connection, None, None)
            left = round(month_usd * _MICRO) - used
            amount = min(round(entry.amount_usd * _MICRO), left)
            if amount < round(least_usd * _MICRO) or amount <= 0:
                raise GateRefused(
                    f"It may cost ${least_usd:.2f}, and ${max(left, 0) / _MICRO:.2f} of "
                    f"${month_usd:.2f} are left this month.",
                    hint="hone spend   (shows what was spent and promised), or: "
                    "hone config set budget.per_month_usd N",
                )
            _add(connection, entry, amount)
            return amount / _MICRO

    def settle(self, entry: LedgerEntry, spent: Mapping[str, float], *, closes: bool) -> None:
        """Brings what a job spent to these sums by note (a rental's name), each counted once.

        A sum that differs from what stands there is corrected by a line of its own. With
        `closes`, what was reserved and not spent is released. Again with the same: nothing.
        `entry` says when, for which job and what.
        """
        with writing(self._engine) as connection:
            for note, amount in spent.items():
                found = _sum_of(connection, entry.job, "spent", note)
                if difference := round(amount * _MICRO) - found:
                    line = entry.model_copy(update={"kind": "spent", "note": note})
                    _add(connection, line, difference)
            left = _sum_of(connection, entry.job, "reserved")
            left -= _sum_of(connection, entry.job, "spent")
            left -= _sum_of(connection, entry.job, "released")
            if closes and left:
                line = entry.model_copy(update={"kind": "released", "note": "not needed"})
                _add(connection, line, left)

    def entries(self, job: str | None = None) -> list[LedgerEntry]:
        """Every line in order; of one job where it is named."""
        query = select(ledger).order_by(ledger.c.seq)
        if job is not None:
            query = query.where(ledger.c.job == job)
        with reading(self._engine) as connection:
            return [
                LedgerEntry(
                    at=datetime.fromisoformat(row.at),
                    job=row.job,
                    kind=row.kind,
                    what=row.what,
                    amount_usd=row.amount_microusd / _MICRO,
                    note=row.note,
                )
                for row in connection.execute(query)
            ]

    def total(self, month: str | None = None, *, job: str | None = None) -> float:
        """Dollars spent, ever or in a month "2026-11" (UTC), of all jobs or of one."""
        with reading(self._engine) as connection:
            return _spent(connection, month, job) / _MICRO

    def promised(self, month: str | None = None, *, job: str | None = None) -> float:
        """Dollars reserved and neither spent nor released yet; never below zero for a job."""
        with reading(self._engine) as connection:
            return _promised(connection, month, job) / _MICRO


def _add(connection: Connection, entry: LedgerEntry, amount_microusd: int) -> None:
    connection.execute(
        insert(ledger),
        {
            "at": clock.as_text(entry.at),
            "job": entry.job,
            "kind": entry.kind,
            "what": entry.what,
            "amount_microusd": amount_microusd,
            "note": entry.note,
        },
    )


def _spent(connection: Connection, month: str | None, job: str | None) -> int:
    query = select(func.sum(ledger.c.amount_microusd)).where(ledger.c.kind == "spent")
    return connection.execute(_narrowed(query, month, job)).scalar() or 0


def _sum_of(connection: Connection, job: str, kind: str, note: str | None = None) -> int:
    query = select(func.sum(ledger.c.amount_microusd))
    query = query.where(ledger.c.job == job, ledger.c.kind == kind)
    if note is not None:
        query = query.where(ledger.c.note == note)
    return connection.execute(query).scalar() or 0


def _promised(connection: Connection, month: str | None, job: str | None) -> int:
    amount = func.sum(ledger.c.amount_microusd).label("amount")
    query = select(ledger.c.job, ledger.c.kind, amount).group_by(ledger.c.job, ledger.c.kind)
    left: dict[str, int] = {}
    for row in connection.execute(_narrowed(query, month, job)):
        sign = {"reserved": 1, "spent": -1, "released": -1}.get(row.kind, 0)
        left[row.job] = left.get(row.job, 0) + sign * row.amount
    return sum(max(amount, 0) for amount in left.values())


def _narrowed(query: Any, month: str | None, job: str | None) -> Any:
    if month is not None:
        try:
            datetime.strptime(month, "%Y-%m")
        except ValueError:
            raise InvalidInput(f'"{month}" is no month.', hint="Write it as 2026-11.") from None
        query = query.where(ledger.c.at >= month, ledger.c.at < f"{month}~")
    return query.where(ledger.c.job == job) if job is not None else query
