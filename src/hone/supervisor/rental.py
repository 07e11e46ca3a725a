"""The steps that only a rented machine needs, around those that every other machine has.

Each looks for its own effect first: what was reserved stands in the ledger, what was rented in
`rental.json` and under its name at the provider, what runs there under the attempt's ticket.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from hone.errors import Conflict, HoneError, Unavailable
from hone.records.job import FINISHED
from hone.records.rental import Offer
from hone.stages import jobs
from hone.stages.jobs import rented
from hone.stages.jobs.reap import rented_folders
from hone.stages.jobs.status import how_it_was_lost
from hone.supervisor.case import Case
from hone.supervisor.patience import Patience
from hone.targets._clock import Clock
from hone.targets._clouds import Renter
from hone.targets._rehearsal import STEPS, is_rehearsed, make_light, trial_of
from hone.targets._rental_choice import candidates, memory_needed
from hone.targets._rental_guard import set_guard
from hone.targets._rental_life import MachineLost, acquire, rent_one
from hone.workspace.job_folder import JobFolder, Ticket
from hone.workspace.rental_file import rentals_of

# Between two tries while a provider has nothing free, cannot answer, or does not let go.
WAIT_SECONDS = (5.0, 300.0)  # the shortest and the longest
GIVE_BACK_SECONDS = 24 * 3600.0
LOGS = "hone jobs logs"
ENDINGS = (*FINISHED, "lost", "")  # these say themselves why


def check(case: Case, is_again: bool) -> str:
    """See that the key opens the account and what is wanted exists; wait until some is free."""
    least = memory_needed(case.job)
    return _patiently(case, lambda renter: candidates(renter, least_memory_gib=least))


def reserve(case: Case, is_again: bool) -> str:
    """Promise the worst case to the ledger; an earlier promise is taken up, not made twice."""
    return _patiently(case, lambda renter: rented.reserve(case.ws, case.folder, renter))


def rent(case: Case, is_again: bool) -> str:
    """Write the intent down, then rent; a machine of that name is taken instead of a second one."""

    def once(renter: Renter) -> None:
        with jobs.starting(case.ws, case.job):
            _refuse_unwanted(case)
            rent_one(renter, case.folder, _offers(case, renter))

    return _patiently(case, once)


def wait(case: Case, is_again: bool) -> str:
    """Wait until the machine is usable; a bad one is given back and another one rented."""

    def once(renter: Renter) -> None:
        acquire(renter, case.folder, _offers(case, renter), lambda: case.is_wanted)
        set_guard(renter, case.folder)

    return _patiently(case, once)


def upload(case: Case, is_again: bool) -> str:
    """Bring Hone and the job there; broken off where the money runs out or nobody wants it."""
    _of(case).upload(case.folder, lambda: case.is_wanted)
    return ""


def rehearse(case: Case, is_again: bool) -> str:
    """Train two steps there before what is paid for begins; HoneError where that goes wrong."""
    if not is_rehearsed(case.job) or not jobs.asking.is_unbegun(case.folder, case.attempt):
        return ""
    told, began = _told(case), time.monotonic()
    if len(told) > 1:
        return ""  # a kill came after it was over
    place = _machine_of(case)
    if not told:
        _tell(case, f"Rehearsing on {place}: {STEPS} steps, a validation and a checkpoint.")
    ticket = Ticket(f"{case.attempt.name}.rehearsal", 0, is_again=True)
    try:
        trial = _of(case).rehearse(case.folder, ticket, lambda: case.is_wanted)
    except (MachineLost, Conflict, Unavailable):
        raise
    except HoneError as error:
        raise _went_wrong(case, place, error) from error
    if not trial.has_result:
        raise _went_wrong(case, place, _why(trial))
    size, seconds = make_light(trial), time.monotonic() - began
    _tell(case, f"Rehearsed in {seconds:.0f} s; {size / 1e6:.1f} MB of it came here as it was.")
    return ""


def _told(case: Case) -> list[str]:
    """What this attempt's rehearsal has told: that it begins, and that it went well."""
    since = case.folder.events(after=case.attempt.after_seq)
    return [str((one.model_extra or {}).get("text")) for one in since if one.type == "rehearsal"]


def _machine_of(case: Case) -> str:
    rental = rentals_of(case.folder).current
    return "the machine" if rental is None else rental.offer.text


def _tell(case: Case, text: str) -> None:
    case.folder.append("rehearsal", text=text)


def _why(trial: JobFolder) -> HoneError:
    for event in reversed(trial.events()):
        if event.type == "failed":
            said = event.model_extra or {}
            return HoneError(str(said.get("error", "")), hint=str(said.get("hint", "")) or LOGS)
    return HoneError(how_it_was_lost(trial.seen()), hint=LOGS)


def _went_wrong(case: Case, place: str, error: HoneError) -> HoneError:
    """Two lines: what broke, and that it cost no more than that."""
    said = error.message.splitlines()[-1].strip().rstrip(".")  # of a log, its last line
    mend, rental = error.hint, rentals_of(case.folder).current
    if rental is not None and mend.startswith(LOGS):  # it is no job that is listed
        mend = f"{trial_of(case.folder, rental.name).log} says more."
    return HoneError(
        f"The rehearsal on {place} failed: {said}.",
        hint=f"None of the training was begun, and the machine is given back. {mend}".strip(),
    )


def give_back(case: Case, is_again: bool) -> str:
    """Give the machine back and see it gone, whatever happened, until the provider confirms it."""
    target = _of(case)
    patience = _patience(case, target.clock)
    why = "" if case.ended in ENDINGS else case.ended
    until = target.clock.now() + GIVE_BACK_SECONDS
    while rentals_of(case.folder).current is not None:
        try:
            target.let_go(case.folder, why)
        except HoneError as error:
            # Whatever the reason: a machine is on, and costs money.
            if target.clock.now() > until:
                raise
            patience.wait(error)
    patience.end()
    return ""


def reconcile(case: Case, is_again: bool) -> str:
    """Settle the ledger, and put bills in place of what was measured, of earlier jobs too."""
    rented.settle(case.ws, case.folder, _of(case).clock)
    # The next job, and `hone jobs reap`, ask again.
    with suppress(HoneError), _of(case).renter() as renter:
        for folder in rented_folders(case.ws, case.job.target):
            rented.reconcile(case.ws, folder, renter)
    return ""


def _of(case: Case) -> jobs.RentedTarget:
    assert isinstance(case.target, jobs.RentedTarget)
    return case.target


def _offers(case: Case, renter: Renter) -> Callable[[], Sequence[Offer]]:
    def offers() -> Sequence[Offer]:
        return rented.reserved_offers(case.folder, renter)

    return offers


def _patiently(case: Case, work: Callable[[Renter], object]) -> str:
    """Do it again, ever later, while the provider has nothing free or cannot answer."""
    target, until = _of(case), 0.0
    with target.renter() as renter:
        patience = _patience(case, renter.clock)
        while True:
            try:
                work(renter)
            except Unavailable as error:
                until = until or renter.clock.now() + target.options.capacity_seconds
                if renter.clock.now() + patience.next_seconds > until:
                    raise
                patience.wait(error)
                _refuse_unwanted(case)
            else:
                patience.end()
                return ""


def _patience(case: Case, clock: Clock) -> Patience:
    return Patience(case, jobs.asking.AGAIN, WAIT_SECONDS, clock.sleep)


def _refuse_unwanted(case: Case) -> None:
    if not case.is_wanted:
        raise Conflict("The job was stopped.", hint="hone jobs list")
