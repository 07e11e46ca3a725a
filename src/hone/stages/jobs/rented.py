"""Jobs on rented machines: money is reserved before, the machine given back after, all accounted.

reserve, then rent and wait (in `targets/_rental_life.py`), upload, start and follow, then give back
and reconcile: each may be done again after a kill, and does nothing twice. The supervisor does them
in that order.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from hone.errors import GateRefused, Unavailable
from hone.records.job import FINISHED, Job
from hone.records.ledger import LedgerEntry
from hone.records.rental import Offer
from hone.stages.jobs.shown_cost import show_cost
from hone.targets import _rented
from hone.targets._clock import REAL, Clock, moment
from hone.targets._clouds import Renter
from hone.targets._rental_choice import candidates, memory_needed
from hone.targets._rest import NoCapacity
from hone.workspace.clock import now
from hone.workspace.job_folder import JobFolder, Ticket
from hone.workspace.rental_file import changing, rentals_of

if TYPE_CHECKING:
    from hone.workspace.open import Workspace

ROUNDING_USD = 0.00001  # the ledger counts in millionths
SPARE_SHARE = 1.25  # of the longest that a plan expects: then a job is stopped with a checkpoint
BILLED_AFTER_SECONDS = 3600.0  # a provider's history of the last hour may still grow


class RentedTarget(NamedTuple):
    """A target whose machine is rented, with the workspace whose money that is.

    The supervisor rents and starts; the rest may be asked for from any terminal.
    """

    ws: Workspace
    name: str
    module: Any
    options: Any
    clock: Clock = REAL
    command: Sequence[str] | None = None  # stands in for the worker in tests

    def renter(self) -> Renter:
        """The account that pays; close it. BadKey where there is no key."""
        return self.module.renter(self.options, clock=self.clock)

    def upload(self, folder: JobFolder, goes_on: Callable[[], bool]) -> None:
        """Bring Hone and the job to the rented machine; MachineLost where that dies meanwhile."""
        with self.renter() as renter:
            _rented.upload(renter, folder, goes_on)

    def rehearse(self, folder: JobFolder, ticket: Ticket, goes_on: Callable[[], bool]) -> JobFolder:
        """Carry the rehearsal out there; its folder, once it is over. MachineLost as above."""
        with self.renter() as renter:
            return _rented.rehearse(renter, folder, ticket, goes_on, self.command)

    def begin(self, folder: JobFolder, ticket: Ticket) -> None:
        """Start the worker there, once per ticket; MachineLost where the machine is gone."""
        with self.renter() as renter:
            _rented.begin(renter, folder, ticket, self.command)

    def is_alive(self, folder: JobFolder) -> bool:
        """Whether the worker runs now."""
        with self.renter() as renter:
            return _rented.is_alive(renter, folder)

    @contextmanager
    def follow(self, folder: JobFolder) -> Generator[Callable[[], None]]:
        """What brings here what is new, and holds the job to its limit."""
        with self.renter() as renter, _rented.follow(renter, folder) as pull:
            yield pull

    def stop(self, folder: JobFolder, deadline_seconds: float) -> str:
        """End the worker; says what it took. The machine is given back after that."""
        with self.renter() as renter:
            return _rented.stop(renter, folder, deadline_seconds)

    def release(self, folder: JobFolder) -> None:
        """Give the machine back and write what it cost; Conflict while the job runs on it."""
        with self.renter() as renter:
            _rented.release(renter, folder)
        settle(self.ws, folder, self.clock)

    def finish(self, folder: JobFolder) -> None:
        """Give back what a job that has ended, however it ended, still holds."""
        seen = folder.seen()
        if seen is not None and (seen.is_alive or seen.is_owed):
            return
        found = rentals_of(folder)
        is_over = folder.state() in (*FINISHED, "lost")
        if not found.rentals or not is_over:
            return
        if found.current is None and is_settled(self.ws, folder):
            return
        # What the provider does not confirm now stays open: listing and reaping ask again.
        with suppress(Unavailable):
            self.let_go(folder)

    def let_go(self, folder: JobFolder, why: str = "") -> None:
        """Give the machine back whatever runs on it, and write what it cost.

        Unavailable where the provider does not say in time that it is gone: ask again.
        """
        try:
            with self.renter() as renter:
                _rented.let_go(renter, folder, why)
        finally:
            settle(self.ws, folder, self.clock)


# Money


def reserve(ws: Workspace, folder: JobFolder, renter: Renter) -> list[Offer]:
    """Promise the worst case to the ledger before anything is rented; the offers that fit in it.

    GateRefused where no offer's worst case fits into what the job and the month may cost.
    Nothing is promised twice: an open rental, or a promise that a kill left behind, is taken up.
    """
    if rentals_of(folder).current is not None:
        return []
    job, seconds = folder.job, worst_seconds(folder.job, renter)
    offers = candidates(renter, least_memory_gib=memory_needed(job))
    allowed = allowed_usd(ws, job.spec.get("budget_usd")) - ws.store.ledger.total(job=job.id)
    fitting = [one for one in offers if worst_usd(one, seconds) <= allowed]
    if not fitting:
        cheapest = min(offers, key=lambda one: one.price_per_hour_usd)
        raise GateRefused(
            f"{cheapest.text} may cost ${worst_usd(cheapest, seconds):.2f}, and "
            f"${max(allowed, 0):.2f} are allowed.",
            hint="hone config set budget.per_job_usd N, or budget_usd in the recipe",
        )
    least = max(worst_usd(one, seconds) for one in fitting)
    is_planned = seconds > renter.options.prepare_seconds
    has_own_limit = job.spec.get("budget_usd") is not None or not is_planned
    amount = allowed if has_own_limit else min(allowed, least * SPARE_SHARE)
    promised = ws.store.ledger.promised(job=job.id)
    if promised < least:
        entry = LedgerEntry(
            at=moment(renter.clock.now()),
            job=job.id,
            kind="reserved",
            what="gpu",
            amount_usd=amount - promised,
            note=f"{renter.target}: {', '.join(dict.fromkeys(one.gpu for one in fitting))}",
        )
        month = ws.config.budget.per_month_usd
        least_now = least - promised
        promised += ws.store.ledger.reserve(entry, least_usd=least_now, month_usd=month)
    with changing(folder) as found:
        found.before, found.reserved_usd = len(found.rentals), promised
    return fitting


def reserved_offers(folder: JobFolder, renter: Renter) -> list[Offer]:
    """What could be rented now for what was reserved; NoCapacity where none of that is free."""
    reserved, seconds = rentals_of(folder).reserved_usd, worst_seconds(folder.job, renter)
    offers = candidates(renter, least_memory_gib=memory_needed(folder.job))
    fitting = [one for one in offers if worst_usd(one, seconds) <= reserved + ROUNDING_USD]
    if not fitting:
        raise NoCapacity(
            f"Only dearer machines than ${reserved:.2f} were set aside for are free now.",
            hint=f"hone config set budget.per_job_usd N, then hone jobs resume {folder.path.name}",
        )
    return fitting


def worst_seconds(job: Job, renter: Renter) -> float:
    """The longest that the job's plan expects, with boot, installing and copying."""
    planned = (job.spec.get("plan", {}).get("seconds") or [0.0, 0.0])[1]
    return float(planned) + renter.options.prepare_seconds


def worst_usd(offer: Offer, seconds: float) -> float:
    """What so many seconds of it cost."""
    return offer.price_per_hour_usd * seconds / 3600


def allowed_usd(ws: Workspace, budget_usd: float | None) -> float:
    """What one job may cost: its own budget where the recipe names one, never above the cap."""
    cap = ws.config.budget.per_job_usd
    return cap if budget_usd is None else min(cap, float(budget_usd))


def left_usd(ws: Workspace, job: Job) -> float:
    """What a job may still cost by its own budget and the cap for one job."""
    spent = ws.store.ledger.total(job=job.id)
    return max(0.0, allowed_usd(ws, job.spec.get("budget_usd")) - spent)


def beyond_budget(ws: Workspace, worst: float, budget_usd: float | None) -> list[str]:
    """Why a job that may cost so much must not begin, in sentences; empty: it may."""
    said: list[str] = []
    allowed = allowed_usd(ws, budget_usd)
    if worst > allowed:
        said.append(
            f"it may cost ${worst:.2f}, and ${allowed:.2f} are allowed for one job "
            "(budget.per_job_usd in hone.yaml, budget_usd in the recipe)"
        )
    return said + beyond_month(ws, worst)


def beyond_month(ws: Workspace, worst: float) -> list[str]:
    """Why so much must not be spent this month any more, in a sentence; empty: it may."""
    ledger, month = ws.store.ledger, f"{now():%Y-%m}"
    left = ws.config.budget.per_month_usd - ledger.total(month) - ledger.promised()
    if worst <= left:
        return []
    return [
        f"it may cost ${worst:.2f}, and ${max(left, 0):.2f} are left this month "
        "(budget.per_month_usd in hone.yaml)"
    ]


def settle(ws: Workspace, folder: JobFolder, clock: Clock) -> None:
    """Write what gone rentals cost to the ledger, and release what no open one needs."""
    found = rentals_of(folder)
    spent = {one.name: one.cost_usd or 0.0 for one in found.rentals if not one.is_open}
    entry = LedgerEntry(
        at=moment(clock.now()), job=folder.path.name, kind="spent", what="gpu", amount_usd=0
    )
    ws.store.ledger.settle(entry, spent, closes=found.current is None)


def is_settled(ws: Workspace, folder: JobFolder) -> bool:
    """Whether the ledger has taken in all that the job's rentals cost."""
    return ws.store.ledger.promised(job=folder.path.name) == 0


def reconcile(ws: Workspace, folder: JobFolder, renter: Renter) -> float:
    """Put the provider's own bill in place of what was measured; by how many dollars it differs.

    A rental is asked for once its bill can no longer grow; providers without a bill: nothing.
    """
    at, difference = renter.clock.now(), 0.0
    for rental in rentals_of(folder).rentals:
        if rental.gone_at is None or rental.id is None or rental.cost_of != "measured":
            continue
        if at - rental.gone_at.timestamp() < BILLED_AFTER_SECONDS:
            continue
        billed = renter.cloud.billed(rental.id)
        if billed is None:
            continue
        with changing(folder) as found:
            same = next(one for one in found.rentals if one.name == rental.name)
            difference += billed - (same.cost_usd or 0.0)
            same.cost_usd, same.cost_of = billed, "billed"
            cost = found.cost_at(moment(at))
        show_cost(ws, folder.path.name, cost)
    if rentals_of(folder).rentals:
        settle(ws, folder, renter.clock)
    return difference
