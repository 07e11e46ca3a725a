"""Spend: what was paid and promised, by month, by job or by target, as the ledger has it."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel, Field

from hone.errors import NotFound
from hone.records.ledger import LedgerEntry
from hone.stages import jobs
from hone.workspace.clock import now
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace

MICRO = 1_000_000


class Sum(BaseModel):
    """What one month, job or target cost."""

    what: str
    reserved_usd: float = Field(description="that were ever set aside before renting")
    spent_usd: float = Field(description="that were really paid, as measured or as billed")
    promised_usd: float = Field(description="set aside, and neither spent nor released yet")
    billed_usd: float = Field(
        default=0.0, description="of what was spent, by the providers' own bills, not measured here"
    )


class Spending(BaseModel):
    """The ledger in sums, and what the budget of this month leaves."""

    by: str = Field(description="month, job or target")
    sums: list[Sum]
    month: str
    spent_this_month_usd: float
    promised_usd: float
    per_month_usd: float
    left_usd: float


def spending(ws: Workspace, *, by: str = "month", month: str | None = None) -> Spending:
    """The sums, newest month or dearest first; of one month "2026-11" where it is named."""
    entries = ws.store.ledger.entries()
    if month is not None:
        ws.store.ledger.total(month)  # refuses what is no month
        entries = [one for one in entries if f"{one.at:%Y-%m}" == month]
    targets = {job.id: job.target for job in ws.store.jobs.list()}
    names: dict[str, Callable[[LedgerEntry], str]] = {
        "month": lambda one: f"{one.at:%Y-%m}",
        "job": lambda one: one.job,
        "target": lambda one: targets.get(one.job, "of a job that is gone"),
    }
    if by not in names:
        raise NotFound(f'Spending cannot be shown by "{by}".', hint="--by month, job or target")
    groups: dict[str, list[LedgerEntry]] = {}
    for one in entries:
        groups.setdefault(names[by](one), []).append(one)
    sums = [_sum(ws, name, lines) for name, lines in groups.items()]
    sums.sort(
        key=lambda one: one.what if by == "month" else f"{one.spent_usd:015.6f}", reverse=True
    )
    this = f"{now():%Y-%m}"
    spent, promised = ws.store.ledger.total(this), ws.store.ledger.promised()
    most = ws.config.budget.per_month_usd
    return Spending(
        by=by,
        sums=sums,
        month=this,
        spent_this_month_usd=spent,
        promised_usd=promised,
        per_month_usd=most,
        left_usd=max(0.0, most - spent - promised),
    )


def _sum(ws: Workspace, name: str, lines: list[LedgerEntry]) -> Sum:
    open_usd = billed_usd = 0.0
    for job in {one.job for one in lines}:
        of_it = [one for one in lines if one.job == job]
        left = _total(of_it, "reserved") - _total(of_it, "spent") - _total(of_it, "released")
        open_usd += max(0.0, left)
        # Of a job that was paid in two months, each has no more than was written there.
        billed_usd += min(jobs.billed_of(JobFolder(ws.jobs / job)), _total(of_it, "spent"))
    open_usd = round(open_usd * MICRO) / MICRO
    return Sum(
        what=name,
        reserved_usd=_total(lines, "reserved"),
        spent_usd=_total(lines, "spent"),
        promised_usd=open_usd,
        billed_usd=round(billed_usd * MICRO) / MICRO,
    )


def _total(lines: list[LedgerEntry], kind: str) -> float:
    # Whole millionths: sums of floats drift.
    return sum(round(one.amount_usd * MICRO) for one in lines if one.kind == kind) / MICRO
