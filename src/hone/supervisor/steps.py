"""The steps of carrying a job out, in their order for each kind of target.

A step runs at least once: a kill in its middle runs it again. So each first looks for its own
effect (a worker that claimed the folder, files that are there, a row that is settled), then acts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from hone.errors import HoneError, Unavailable
from hone.records.attempt import Attempt
from hone.records.job import FINISHED, Job
from hone.stages import jobs
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace

LOOK_SECONDS = 0.2
FOLLOW_SECONDS = 7 * 24 * 3600.0
AWAY_SECONDS = (1.0, 60.0)
# Jobs of these kinds leave something that is taken in; others are taken in by who asked.
TAKEN_IN = ("train", "export", "evaluate")


class Case(NamedTuple):
    """One attempt, and what its steps work with."""

    ws: Workspace
    attempt: Attempt
    job: Job
    folder: JobFolder
    target: jobs.Chosen

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


def wait_for_device(case: Case, is_again: bool) -> str:
    """Wait until no other training on this machine has the device; it may have its own starter."""
    device = str(case.job.spec.get("device", "cpu"))
    if case.job.kind != "train" or not jobs.asking.is_unbegun(case.folder, case.attempt):
        return ""
    while (other := jobs.running_training(case.ws, device)) not in (None, case.job.id):
        if not case.is_wanted:
            return jobs.asking.STOPPED_IN_QUEUE
        case.says_trouble(f"Waiting: {other} has {device}.")
        time.sleep(LOOK_SECONDS)
    case.says_trouble("")
    return ""


def look_at_target(case: Case, is_again: bool) -> str:
    """See that the machine answers, before anything is brought there."""
    if (machine := getattr(case.target.module, "machine", None)) is not None:
        machine(case.target.options)
    return ""


def upload(case: Case, is_again: bool) -> str:
    """Bring Hone and what the job reads to the machine; what is there is known by its hash."""
    case.target.module.upload(case.folder, case.target.options)
    return ""


def start(case: Case, is_again: bool) -> str:
    """Start the worker, once per attempt however often this step runs."""
    ticket = jobs.asking.ticket_of(case.attempt, is_again=is_again)
    with jobs.starting(case.ws, case.job):
        if ticket.has_begun(case.folder):
            return ""
        if not case.is_wanted:
            return jobs.asking.STOPPED_IN_QUEUE
        case.target.module.begin(case.folder, ticket, case.target.options)
    return ""


def follow(case: Case, is_again: bool) -> str:
    """Bring here what the job writes until it has ended, whoever looks; how it ended.

    While its machine cannot be reached the job goes on there, and this tries again.
    """
    deadline = time.time() + FOLLOW_SECONDS
    if case.job.deadline_at is not None:
        deadline = case.job.deadline_at.timestamp()
    away = 0.0
    with case.target.follow(case.folder) as pull:
        while time.time() < deadline:
            try:
                pull()
            except Unavailable as error:
                case.says_trouble(f"{error.message} {jobs.asking.TRYING}")
                away = min(max(2 * away, AWAY_SECONDS[0]), AWAY_SECONDS[1])
                time.sleep(away)
                continue
            if away:
                away = 0.0
                case.says_trouble("")
            # Its events are read only when it has ended: there may be many.
            if not case.folder.is_alive() or case.folder.has_result:
                state = case.folder.state()
                if state in (*FINISHED, "lost") and not jobs.is_open(case.folder):
                    return "" if state == "succeeded" else state
            time.sleep(LOOK_SECONDS)
    return "not followed any longer: its time is over"


def verify(case: Case, is_again: bool) -> str:
    """Every file that the result names is here and is the one that the worker wrote."""
    jobs.verify(case.folder)
    return ""


def give_back(case: Case, is_again: bool) -> str:
    """Let go of what a succeeded job held elsewhere; of one to be resumed its folder is kept."""
    jobs.give_back(case.target, case.folder)
    return ""


def register(case: Case, is_again: bool) -> str:
    """Take in what the job left: its model, its evaluation."""
    if case.job.kind == "evaluate":
        from hone.stages.evaluate import collect_evaluated

        collect_evaluated(case.ws, case.job.id)
    elif case.job.kind in TAKEN_IN:
        from hone.stages.train import collect_trained

        problems = collect_trained(case.ws).problems
        mine = [one for one in problems if one.startswith(f"{case.job.id}: ")]
        if mine:
            raise HoneError(mine[0], hint=f"hone jobs show {case.job.id}")
    return ""


LOCAL = (
    Step("check", wait_for_device),
    Step("start", start),
    Step("follow", follow),
    Step("verify", verify),
    Step("register", register),
)
SSH = (
    Step("check", look_at_target),
    Step("upload", upload),
    Step("start", start),
    Step("follow", follow),
    Step("verify", verify),
    Step("give back", give_back, is_owed=True),
    Step("register", register),
)
Plan = Mapping[str, tuple[Step, ...]]
# Steps by kind of target, by version. A job goes on by the steps under which it was begun: where
# their order changes, the new order comes under the next number and the old one stays.
PLANS: Mapping[int, Plan] = {1: {"local": LOCAL, "ssh": SSH}}


def steps_for(plan: Plan, target: jobs.Chosen) -> tuple[Step, ...]:
    """The steps of a target by its kind; machines of `targets.hosts` are of the kind ssh.

    A plug-in whose verbs are those of `ssh` has its steps too.
    """
    kind = str(target.module.__name__).rpartition(".")[2]
    return plan.get(kind) or plan["ssh" if hasattr(target.module, "upload") else "local"]
