"""The steps of carrying a job out, in their order for each kind of target.

A step runs at least once: a kill in its middle runs it again. So each first looks for its own
effect (a worker that claimed the folder, files that are there, a row that is settled), then acts.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from hone.errors import HoneError
from hone.records.job import FINISHED, device_of
from hone.stages import jobs
from hone.supervisor import endpoint, rental
from hone.supervisor.case import FOLLOW_SECONDS, LOOK_SECONDS, Case, Step
from hone.supervisor.patience import pulls

# Jobs of these kinds leave something that is taken in; others are taken in by who asked.
TAKEN_IN = ("train", "export", "evaluate")


def wait_for_device(case: Case, is_again: bool) -> str:
    """Wait until a place on the device is free; what trains there may have its own starter."""
    if case.job.kind != "train" or not jobs.asking.is_unbegun(case.folder, case.attempt):
        return ""
    while (other := jobs.training_before(case.ws, case.job)) is not None:
        if not case.is_wanted:
            return jobs.asking.STOPPED_IN_QUEUE
        case.says_trouble(f"Waiting: {other} has {device_of(case.job)[0]}.")
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
    assert isinstance(case.target, jobs.Chosen)
    case.target.upload(case.folder)
    return ""


def start(case: Case, is_again: bool) -> str:
    """Start the worker, once per attempt however often this step runs."""
    ticket = jobs.asking.ticket_of(case.attempt, is_again=is_again)
    with jobs.starting(case.ws, case.job):
        if ticket.has_begun(case.folder):
            return ""
        if not case.is_wanted:
            return jobs.asking.STOPPED_IN_QUEUE
        case.target.begin(case.folder, ticket)
    return ""


def follow(case: Case, is_again: bool) -> str:
    """Bring here what the job writes until it has ended, whoever looks; how it ended."""
    until = time.time() + FOLLOW_SECONDS
    if case.job.deadline_at is not None:
        until = case.job.deadline_at.timestamp()
    with case.target.follow(case.folder) as pull:
        for _ in pulls(case, pull, until):
            # Its events are read only when it has ended: there may be many.
            if not case.folder.is_alive() or case.folder.has_result:
                state = case.folder.state()
                if state in (*FINISHED, "lost") and not jobs.is_awaited(case.folder):
                    return "" if state == "succeeded" else state
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
RENTED = (
    Step("check", rental.check),
    Step("reserve", rental.reserve),
    Step("rent", rental.rent),
    Step("wait", rental.wait),
    Step("upload", rental.upload),
    Step("rehearse", rental.rehearse),
    Step("start", start),
    Step("follow", follow),
    Step("verify", verify),
    Step("give back", rental.give_back, is_owed=True),
    Step("register", register),
    Step("reconcile", rental.reconcile, is_owed=True),
)
UNREHEARSED = tuple(step for step in RENTED if step.name != "rehearse")
SERVERLESS = (
    Step("check", look_at_target),
    Step("reserve", endpoint.reserve),
    Step("upload", upload),
    Step("submit", start),
    Step("queue", endpoint.queue),
    Step("follow", follow),
    Step("verify", verify),
    Step("give back", endpoint.give_back, is_owed=True),
    Step("settle", endpoint.settle, is_owed=True),
    Step("register", register),
)
Plan = Mapping[str, tuple[Step, ...]]
# Steps by kind of target, by version. A job goes on by the steps under which it was begun: where
# their order changes, the new order comes under the next number and the old one stays.
PLANS: Mapping[int, Plan] = {
    1: {"local": LOCAL, "ssh": SSH},
    2: {"local": LOCAL, "ssh": SSH, "rented": UNREHEARSED, "runpod_serverless": SERVERLESS},
    3: {"local": LOCAL, "ssh": SSH, "rented": RENTED, "runpod_serverless": SERVERLESS},
}


def steps_for(plan: Plan, target: jobs.Chosen | jobs.RentedTarget) -> tuple[Step, ...]:
    """The steps of a target by its kind; machines of `targets.hosts` are of the kind ssh.

    Whatever rents is of the kind rented. A plug-in whose verbs are those of `ssh` has its steps.
    """
    if isinstance(target, jobs.RentedTarget):
        return plan["rented"]
    kind = str(target.module.__name__).rpartition(".")[2]
    return plan.get(kind) or plan["ssh" if hasattr(target.module, "upload") else "local"]
