"""Time as rentals know it: what a machine costs and how long one waits; another clock in tests."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Seconds since 1970, and a way to let some pass."""

    def now(self) -> float:
        """The present moment."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        ...


class RealClock:
    """The clock of this machine."""

    def now(self) -> float:
        """The present moment."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        time.sleep(max(0.0, seconds))


REAL = RealClock()


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as an aware moment in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
