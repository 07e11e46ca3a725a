"""How long a job was worked on, over all its attempts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from hone.records.job import Event


def active_seconds(events: Sequence[Event], *, now: datetime | None = None) -> float:
    """From each attempt to its last event, and of the present attempt until now."""
    starts = [place for place, event in enumerate(events) if event.type == "attempt"]
    total = 0.0
    for start, following in zip(starts, [*starts[1:], len(events)], strict=True):
        is_present = following == len(events)
        end = (now or datetime.now(UTC)) if is_present else events[following - 1].at
        total += (end - events[start].at).total_seconds()
    return round(total, 3)
