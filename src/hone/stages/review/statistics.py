"""Counts a review: how far it is, who decided what, and how steady each reviewer is."""

from __future__ import annotations

from typing import NamedTuple

from hone.workspace.open import Workspace


class Statistics(NamedTuple):
    """How far the review of a task is, or of all tasks together."""

    total: int
    pending: int
    by_status: dict[str, int]
    by_reviewer: dict[str, dict[str, int]]

    @property
    def reviewed(self) -> int:
        """Examples that somebody said something about."""
        return self.total - self.pending

    @property
    def sentence(self) -> str:
        """The line that every screen shows."""
        return f"Reviewed {self.reviewed:,} of {self.total:,} ({self.pending:,} pending)"


def statistics(ws: Workspace, *, task: str | None = None) -> Statistics:
    """How far the review is, by status and by reviewer."""
    counters = ws.store.examples.counters(task)
    return Statistics(
        total=sum(counters.values()),
        pending=counters["pending"],
        by_status=counters,
        by_reviewer=ws.store.journal.by_reviewer(task),
    )
