"""The ledger: every cent, as lines that are never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, func, insert, select

from hone.errors import InvalidInput
from hone.records.ledger import LedgerEntry
from hone.workspace import clock
from hone.workspace.store.connection import reading, writing
from hone.workspace.store.tables import ledger

_MICRO = 1_000_000


class Ledger:
    """`store.ledger`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def write(self, entry: LedgerEntry) -> None:
        """Adds one line; on the disk when this returns."""
        with writing(self._engine) as connection:
            connection.execute(
                insert(ledger),
                {
                    "at": clock.as_text(entry.at),
                    "job": entry.job,
                    "kind": entry.kind,
                    "what": entry.what,
                    "amount_microusd": round(entry.amount_usd * _MICRO),
                    "note": entry.note,
                },
            )

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
        return self._sum("spent", month, job)

    def promised(self, month: str | None = None, *, job: str | None = None) -> float:
        """Dollars reserved and neither spent nor released yet; never below zero for a job."""
        amount = func.sum(ledger.c.amount_microusd).label("amount")
        query = select(ledger.c.job, ledger.c.kind, amount).group_by(ledger.c.job, ledger.c.kind)
        left: dict[str, int] = {}
        with reading(self._engine) as connection:
            for row in connection.execute(_narrowed(query, month, job)):
                sign = {"reserved": 1, "spent": -1, "released": -1}.get(row.kind, 0)
                left[row.job] = left.get(row.job, 0) + sign * row.amount
        return sum(max(amount, 0) for amount in left.values()) / _MICRO

    def _sum(self, kind: str, month: str | None, job: str | None) -> float:
        query = select(func.sum(ledger.c.amount_microusd)).where(ledger.c.kind == kind)
        with reading(self._engine) as connection:
            return (connection.execute(_narrowed(query, month, job)).scalar() or 0) / _MICRO


def _narrowed(query: Any, month: str | None, job: str | None) -> Any:
    if month is not None:
        try:
            datetime.strptime(month, "%Y-%m")
        except ValueError:
            raise InvalidInput(f'"{month}" is no month.', hint="Write it as 2026-11.") from None
        query = query.where(ledger.c.at >= month, ledger.c.at < f"{month}~")
    return query.where(ledger.c.job == job) if job is not None else query
