"""What the steps of an attempt are made of, and what they work with."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hone.records.attempt import Attempt
from hone.records.job import Job
from hone.stages import jobs
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace

LOOK_SECONDS = 0.2
FOLLOW_SECONDS = 7 * 24 * 3600.0
AWAY_SECONDS = (1.0, 60.0)


class Case(NamedTuple):
    """One attempt, and what its steps work with."""

    ws: Workspace
    attempt: Attempt
    job: Job
    folder: JobFolder
    target: jobs.Chosen | jobs.RentedTarget
    ended: str = ""  # how the attempt ended, where only steps that are owed are left

    @property
    def is_wanted(self) -> bool:
        """Whether nobody has taken the attempt back since."""
        newest = self.ws.store.attempts.get(self.attempt.job, self.attempt.number)
        is_open = newest is not None and newest.is_open
        return is_open and not jobs.asking.is_taken_back(self.folder, self.attempt)

    def says_trouble(self, text: str) -> None:
        """Tell people why it does not get on; nothing: it does again."""
        self.ws.store.attempts.note(self.attempt.seq, trouble=text)


class Step(NamedTuple):
    """One thing to do; `run` gives how the attempt ended, or nothing: the next step comes.

    `is_again`, which it is told, says that a kill may have cut it off before. With `is_owed` the
    step is taken in every ending too: what was taken is given back whatever happened.
    """

    name: str
    run: Callable[[Case, bool], str]
    is_owed: bool = False
