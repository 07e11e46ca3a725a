"""Rate limits: so many requests in a sliding window, and so many at once."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass
class Window:
    """At most `most` requests in any `seconds`, of emulated time."""

    most: int
    seconds: float
    times: deque[float] = field(default_factory=deque)

    def wait_seconds(self, now: float, most: int | None = None) -> float:
        """0 when one more is allowed, else how long until then; takes nothing."""
        while self.times and self.times[0] <= now - self.seconds:
            self.times.popleft()
        if len(self.times) < (self.most if most is None else most):
            return 0.0
        return self.times[0] + self.seconds - now

    def take(self, now: float) -> None:
        """Count one request."""
        self.times.append(now)

    @property
    def left(self) -> int:
        """How many more are allowed, as of the last look."""
        return max(0, self.most - len(self.times))
