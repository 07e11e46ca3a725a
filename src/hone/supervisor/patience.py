"""Waiting for what is away: people are told why, and each wait is longer than the one before."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from hone.errors import HoneError, Unavailable
from hone.stages import jobs
from hone.supervisor.case import AWAY_SECONDS, LOOK_SECONDS, Case


class Patience:
    """The waits between tries, in seconds from `shortest` to `longest`, and what is said meanwhile.

    `says` ends each sentence; `sleep` is the clock of whoever waits.
    """

    def __init__(
        self, case: Case, says: str, bounds: tuple[float, float], sleep: Callable[[float], None]
    ) -> None:
        self._case, self._says, self._sleep = case, says, sleep
        self._shortest, self._longest = bounds
        self._is_waiting = False
        self.next_seconds = self._shortest

    def wait(self, error: HoneError) -> None:
        """Say what is in the way, and wait; the next time for twice as long."""
        self._case.says_trouble(f"{error.message} {self._says}")
        self._is_waiting = True
        self._sleep(self.next_seconds)
        self.next_seconds = min(2 * self.next_seconds, self._longest)

    def end(self) -> None:
        """It goes on: nothing is in the way any longer, and the next wait is a short one."""
        if self._is_waiting:
            self._case.says_trouble("")
        self._is_waiting, self.next_seconds = False, self._shortest


def pulls(case: Case, pull: Callable[[], object], until: float) -> Iterator[None]:
    """Pull again and again, and give the turn after each pull that succeeded; over at `until`.

    While the other side cannot be reached the job goes on there, and this tries again. `until` is
    a time in seconds as `time.time` has it.
    """
    patience = Patience(case, jobs.asking.TRYING, AWAY_SECONDS, time.sleep)
    while time.time() < until:
        try:
            pull()
        except Unavailable as error:
            patience.wait(error)
            continue
        patience.end()
        yield
        time.sleep(LOOK_SECONDS)
