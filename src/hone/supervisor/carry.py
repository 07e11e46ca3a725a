"""Takes one attempt through its steps: what is recorded is not done again, errors end it."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from hone.errors import HoneError, NotFound
from hone.records.attempt import Attempt
from hone.stages import jobs
from hone.supervisor.case import Case, Step
from hone.supervisor.steps import Plan, steps_for
from hone.targets._rental_life import MachineLost
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace

log = logging.getLogger("hone.supervisor")
# Runs a step and records what it gave: (name, act) -> that. Replayed, it gives what was recorded.
Recorder = Callable[[str, Callable[[], str]], str]


class Carrier(NamedTuple):
    """What carries attempts out: a workspace, the steps, and where targets come from."""

    ws: Workspace
    target_of: jobs.TargetOf = jobs.target_named

    def carry(self, plan: Plan, name: tuple[str, int], record: Recorder) -> str:
        """Every step that is not recorded yet, in order; how the attempt ended."""
        job, number = name
        ended = ""
        for step in self._steps(plan, job):
            if ended and not step.is_owed:
                continue
            said = record(step.name, partial(self._take, step, name, ended))
            ended = ended or said
        outcome = ended or "succeeded"
        return record("end", lambda: self._end(job, number, outcome))

    def _steps(self, plan: Plan, job_id: str) -> tuple[Step, ...]:
        job = self.ws.store.jobs.get(job_id)
        try:
            return steps_for(plan, self.target_of(self.ws, job.target))
        except HoneError as error:
            said = error

        def refuse(case: Case, is_again: bool) -> str:
            raise said

        # hone.yaml no longer speaks of the target: the attempt ends with that sentence.
        return (Step("check", refuse),)

    def _take(self, step: Step, name: tuple[str, int], ended: str) -> str:
        job, number = name
        attempt = self.ws.store.attempts.get(job, number)
        folder = JobFolder(self.ws.jobs / job)
        if attempt is None or not (step.is_owed or self._is_wanted(folder, attempt)):
            return jobs.asking.STOPPED_IN_QUEUE
        is_again = attempt.step == step.name
        # What is meant comes before what is done: who comes after a kill knows where to look.
        self.ws.store.attempts.note(attempt.seq, step=step.name, trouble="")
        log.info("%s: %s%s", attempt.name, step.name, " again" if is_again else "")
        try:
            order = folder.job
            target = self.target_of(self.ws, order.target)
            said = step.run(Case(self.ws, attempt, order, folder, target, ended), is_again)
        except MachineLost as error:
            said = error.message  # whether it goes on elsewhere is decided at the end
        except HoneError as error:
            said = self._refused(folder, number, error)
        except Exception as error:
            log.error("%s", traceback.format_exc())
            bug = HoneError(
                f"The supervisor failed at {step.name}: {error!r}.",
                hint=f"The end of {jobs.place_of(self.ws) / jobs.LOG} says more; report it.",
            )
            said = self._refused(folder, number, bug)
        if said:
            log.info("%s: %s", attempt.name, said)
        return said

    def _is_wanted(self, folder: JobFolder, attempt: Attempt) -> bool:
        with suppress(HoneError):  # its folder may be gone: the step itself says so
            return attempt.is_open and not jobs.asking.is_taken_back(folder, attempt)
        return attempt.is_open

    def _refused(self, folder: JobFolder, number: int, error: HoneError) -> str:
        """An attempt whose worker never began counts as failed; else its own traces speak."""
        attempt = self.ws.store.attempts.get(folder.path.name, number)
        if attempt is None or not attempt.is_open:
            return jobs.asking.STOPPED_IN_QUEUE
        # Its folder may be gone; who stops the job at this moment holds the lock.
        with suppress(HoneError), jobs.starting(self.ws, folder.job):
            is_told = folder.state() in ("failed", "cancelled")
            if not is_told and jobs.asking.is_unbegun(folder, attempt):
                folder.append("failed", error=error.message, hint=error.hint)
        return error.message

    def _end(self, job: str, number: int, outcome: str) -> str:
        attempt = self.ws.store.attempts.get(job, number)
        if attempt is None or not attempt.is_open:
            return outcome
        folder = JobFolder(self.ws.jobs / job)
        with suppress(NotFound):  # its folder may be gone
            if jobs.asking.move_on(self.ws, folder, attempt, outcome):
                return outcome
        self.ws.store.attempts.end(attempt.seq, outcome)
        return outcome
