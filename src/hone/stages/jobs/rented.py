"""Jobs on rented machines: money is reserved before, the machine given back after, all accounted.

reserve, then record_intent, rent and wait_usable (in `targets/_rental_life.py`), start and follow,
then give_back and reconcile: each may be done again after a kill, and does nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from hone.errors import GateRefused, HoneError, Unavailable
from hone.records.job import FINISHED
from hone.records.ledger import LedgerEntry
from hone.records.rental import Offer
from hone.targets import _rented
from hone.targets._clock import moment
from hone.targets._clouds import Renter
from hone.targets._rental_choice import candidates
from hone.targets._rental_life import give_back
from hone.workspace.clock import now
from hone.workspace.job_folder import Identity, JobFolder
from hone.workspace.rental_file import changing, rentals_of

if TYPE_CHECKING:
    from hone.workspace.open import Workspace

SPARE_SHARE = 1.25  # of the longest that a plan expects: then a job is stopped with a checkpoint
BILLED_AFTER_SECONDS = 3600.0  # a provider's history of the last hour may still grow


class RentedTarget(NamedTuple):
    """A target whose machine is rented, with the workspace whose money that is."""

    ws: Workspace
    name: str
    module: Any
    options: Any
    renter: Callable[[], Renter]
    command: Sequence[str] | None = None  # stands in for the worker in tests

    def start(self, folder: JobFolder) -> Identity:
        """Reserve, rent, wait, start; where that fails or is broken off, give back."""
        with self.renter() as renter:
            held = rentals_of(folder).current
            try:
                if held is not None and held.given_back_at is not None:
                    give_back(renter, folder)  # a kill came before it was gone
                    settle(self.ws, folder, renter)
                offers = reserve(self.ws, folder, renter)
                return _rented.start(renter, folder, self.command, offers=offers)
            except BaseException as error:
                if not folder.is_alive():
                    self._break_off(renter, folder, error)
                raise

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
        """End the worker, then give the machine back; says what it took."""
        with self.renter() as renter:
            how = _rented.stop(renter, folder, deadline_seconds)
            self._let_go(renter, folder, "it was stopped")
            return how

    def release(self, folder: JobFolder) -> None:
        """Give the machine back and write what it cost; Conflict while the job runs on it."""
        with self.renter() as renter:
            _rented.release(renter, folder)
            settle(self.ws, folder, renter)

    def finish(self, folder: JobFolder) -> None:
        """Give back what a job that has ended, however it ended, still holds."""
        seen = folder.seen()
        if seen is not None and (seen.is_alive or seen.is_owed):
            return
        found = rentals_of(folder)
        is_over = folder.state() in (*FINISHED, "lost")
        if (
            not found.rentals
            or not is_over
            or (found.current is None and is_settled(self.ws, folder))
        ):
            return
        with self.renter() as renter:
            self._let_go(renter, folder, f"the job has {folder.state()}")

    def _let_go(self, renter: Renter, folder: JobFolder, why: str) -> None:
        # What the provider does not confirm now stays open: listing and reaping ask again.
        with suppress(Unavailable):
            give_back(renter, folder, why)
        settle(self.ws, folder, renter)

    def _break_off(self, renter: Renter, folder: JobFolder, error: BaseException) -> None:
        why = error.message if isinstance(error, HoneError) else "it was broken off"
        self._let_go(renter, folder, why)
        if folder.state() != "waiting":
            return
        if isinstance(error, HoneError):
            folder.append("failed", error=error.message, hint=error.hint)
        else:
            folder.append("cancelled", how="interrupted")


# Money


def reserve(ws: Workspace, folder: JobFolder, renter: Renter) -> list[Offer]:
    """Promise the worst case to the ledger before anything is rented; the offers that fit in it.

    GateRefused where no offer's worst case fits into what the job and the month may cost.
    Nothing is promised twice: an open rental, or a promise that a kill left behind, is taken up.
    """
    if rentals_of(folder).current is not None:
        return []
    job = folder.job
    offers = candidates(renter, least_memory_gib=_rented.memory_needed(job))
    allowed = allowed_usd(ws, job.spec.get("budget_usd")) - ws.store.ledger.total(job=job.id)
    planned = (job.spec.get("plan", {}).get("seconds") or [0.0, 0.0])[1]
    seconds = float(planned) + renter.options.prepare_seconds
    fitting = [one for one in offers if worst_usd(one, seconds) <= allowed]
    if not fitting:
        cheapest = min(offers, key=lambda one: one.price_per_hour_usd)
        raise GateRefused(
            f"{cheapest.text} may cost ${worst_usd(cheapest, seconds):.2f}, and "
            f"${max(allowed, 0):.2f} are allowed.",
            hint="hone config set budget.per_job_usd N, or budget_usd in the recipe",
        )
    least = max(worst_usd(one, seconds) for one in fitting)
    has_own_limit = job.spec.get("budget_usd") is not None or not planned
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


def worst_usd(offer: Offer, seconds: float) -> float:
    """What so many seconds of it cost."""
    return offer.price_per_hour_usd * seconds / 3600


def allowed_usd(ws: Workspace, budget_usd: float | None) -> float:
    """What one job may cost: its own budget where the recipe names one, never above the cap."""
    cap = ws.config.budget.per_job_usd
    return cap if budget_usd is None else min(cap, float(budget_usd))


def beyond_budget(ws: Workspace, worst: float, budget_usd: float | None) -> list[str]:
    """Why a job that may cost so much must not begin, in sentences; empty: it may."""
    said: list[str] = []
    allowed = allowed_usd(ws, budget_usd)
    if worst > allowed:
        said.append(
            f"it may cost ${worst:.2f}, and ${allowed:.2f} are allowed for one job "
            "(budget.per_job_usd in hone.yaml, budget_usd in the recipe)"
        )
    ledger, month = ws.store.ledger, f"{now():%Y-%m}"
    left = ws.config.budget.per_month_usd - ledger.total(month) - ledger.promised()
    if worst > left:
        said.append(
            f"it may cost ${worst:.2f}, and ${max(left, 0):.2f} are left this month "
            "(budget.per_month_usd in hone.yaml)"
        )
    return said


def settle(ws: Workspace, folder: JobFolder, renter: Renter) -> None:
    """Write what gone rentals cost to the ledger, and release what no open one needs."""
    found = rentals_of(folder)
    spent = {one.name: one.cost_usd or 0.0 for one in found.rentals if not one.is_open}
    entry = LedgerEntry(
        at=moment(renter.clock.now()), job=folder.path.name, kind="spent", what="gpu", amount_usd=0
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
    if rentals_of(folder).rentals:
        settle(ws, folder, renter)
    return difference
