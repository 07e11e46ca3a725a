"""The clock of an emulator: real seconds times a factor, plus what a test adds."""

from __future__ import annotations

import time
from datetime import UTC, datetime

START = datetime(2026, 11, 20, tzinfo=UTC).timestamp()


class Clock:
    """Seconds since 1970; `factor` 0 stands still until `advance`, 60 makes minutes of seconds."""

    def __init__(self, factor: float = 1.0, start: float = START) -> None:
        if factor < 0:
            raise ValueError(f"a clock cannot run backwards (factor {factor})")
        self.factor = factor
        self._start = start
        self._begin = time.monotonic()

    def now(self) -> float:
        """The emulated time."""
        return self._start + (time.monotonic() - self._begin) * self.factor

    def advance(self, seconds: float) -> None:
        """Move on at once."""
        if seconds < 0:
            raise ValueError(f"a clock cannot go back ({seconds} s)")
        self._start += seconds


def iso(moment: float) -> str:
    """RFC 3339 with milliseconds in UTC, as the providers write times."""
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
