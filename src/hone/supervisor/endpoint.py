"""The steps that only a serverless endpoint needs, around those that every other target has.

Each looks for its own effect first: what was reserved stands in the ledger, what was asked for in
`serverless.json` and under the attempt's ticket on the volume or at the hub.
"""

from __future__ import annotations

import time
from contextlib import suppress

from hone.errors import HoneError, Unavailable
from hone.stages import jobs
from hone.supervisor.case import FOLLOW_SECONDS, LOOK_SECONDS, Case
from hone.supervisor.patience import pulls

SETTLE_SECONDS = 24 * 3600.0
RECKON_SECONDS = 30.0


def reserve(case: Case, is_again: bool) -> str:
    """Set aside what the job may cost at most, before anything is asked for."""
    ticket = jobs.asking.ticket_of(case.attempt)
    jobs.reserve_endpoint(case.ws, case.folder, ticket.token, case.target.options)
    return ""


def queue(case: Case, is_again: bool) -> str:
    """Tell why the job waits until a worker has taken it up."""
    until = time.time() + FOLLOW_SECONDS
    with case.target.follow(case.folder) as pull:
        for _ in pulls(case, pull, until):
            said = case.target.module.waits(case.folder)
            case.says_trouble(said)
            if not said:
                break
    return ""


def give_back(case: Case, is_again: bool) -> str:
    """End a request that nobody wants any more; then as every target gives back."""
    case.target.stop(case.folder, 0.0)
    jobs.give_back(case.target, case.folder)
    return ""


def settle(case: Case, is_again: bool) -> str:
    """Write down what it cost and release the rest, once every request is known to be over."""
    _reckon(case)

    def end() -> None:
        case.target.stop(case.folder, 0.0)

    for _ in pulls(case, end, time.time() + SETTLE_SECONDS):
        if jobs.settle_endpoint(case.ws, case.folder):
            break
    # The bill of this job comes later: of earlier ones it may be there. The next job, and
    # `hone jobs reap`, ask again.
    with suppress(HoneError):
        jobs.reconcile_endpoint(case.ws, case.target.options)
    return ""


def _reckon(case: Case) -> None:
    """Wait a little for the provider's own word; what was measured here stands in for it."""
    deadline = time.time() + RECKON_SECONDS
    with suppress(Unavailable):
        while not case.target.module.reckon(case.folder, case.target.options):
            if time.time() > deadline:
                return
            time.sleep(LOOK_SECONDS)
