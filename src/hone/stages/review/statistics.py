"""Counts a review: how far it is, who decided what, and how steady each reviewer is."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from hone.metrics._intervals import wilson
from hone.workspace import clock
from hone.workspace.open import Workspace


class Consistency(NamedTuple):
    """How often a reviewer decided alike when asked again, blindly; 95 % interval of the share."""

    repeats: int
    same: int
    same_verdict: int
    share: float
    low: float
    high: float


class Day(NamedTuple):
    """What was decided on one day (UTC) and still stands; a bulk decision is one."""

    day: date
    decisions: int
    examples: int


class Statistics(NamedTuple):
    """How far the review of a task is, or of all tasks together."""

    total: int
    pending: int
    by_status: dict[str, int]
    by_reviewer: dict[str, dict[str, int]]
    consistency: dict[str, Consistency]
    by_day: list[Day]

    @property
    def reviewed(self) -> int:
        """Examples that somebody said something about."""
        return self.total - self.pending

    @property
    def sentence(self) -> str:
        """The line that every screen shows."""
        return f"Reviewed {self.reviewed:,} of {self.total:,} ({self.pending:,} pending)"


def statistics(ws: Workspace, *, task: str | None = None, days: int = 90) -> Statistics:
    """How far the review is, by status, by reviewer, and by day for so many days back."""
    counters = ws.store.examples.counters(task)
    since = clock.now() - timedelta(days=days)
    return Statistics(
        total=sum(counters.values()),
        pending=counters["pending"],
        by_status=counters,
        by_reviewer=ws.store.journal.by_reviewer(task),
        consistency=consistency(ws, task),
        by_day=[
            Day(date.fromisoformat(day), decisions, examples)
            for day, decisions, examples in ws.store.feed.by_day(clock.as_text(since), task)
        ],
    )


def consistency(ws: Workspace, task: str | None = None) -> dict[str, Consistency]:
    """By reviewer: how often a blind repeat came out with the same verdict and answer."""
    found: dict[str, Consistency] = {}
    for name, totals in ws.store.repeats.totals(task).items():
        share = wilson(totals.same, totals.repeats)
        found[name] = Consistency(*totals, share.value, share.low, share.high)
    return found
