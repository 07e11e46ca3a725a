"""The verbs of a target whose machine is rented: what `ssh` does there, within a limit."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from hone.errors import Conflict, HoneError, Unavailable
from hone.records.job import Job
from hone.records.rental import Offer, Rental
from hone.targets import ssh
from hone.targets._clouds import Renter
from hone.targets._rental_choice import candidates, check, planned_machine
from hone.targets._rental_life import acquire, give_back, ssh_options
from hone.workspace.job_folder import Identity, JobFolder
from hone.workspace.rental_file import changing_current, rentals_of

__all__ = [
    "Renter",
    "check",
    "follow",
    "is_alive",
    "memory_needed",
    "planned_machine",
    "release",
    "start",
    "stop",
]

# Before the limit is reached, this share of it, so many seconds at most, is left for a last
# checkpoint and for bringing it home.
GRACE_SHARE, GRACE_SECONDS = 0.1, 180.0
ASK_SECONDS = 15.0  # between two questions to the provider while a machine is silent


def start(
    renter: Renter,
    folder: JobFolder,
    command: Sequence[str] | None = None,
    *,
    offers: Sequence[Offer] = (),
) -> Identity:
    """Rent one of the offers (none named: those that hone.yaml wants), and start the job there."""
    wanted = list(offers)
    if not wanted and rentals_of(folder).current is None:
        wanted = candidates(renter, least_memory_gib=memory_needed(folder.job))
    rental = acquire(renter, folder, wanted)
    return ssh.start(folder, ssh_options(renter, rental), command=command)


def memory_needed(job: Job) -> float:
    """GiB that the job's plan needs at least, of each card; 0 where it has no plan."""
    planned = job.spec.get("plan", {}).get("memory_gib") or [0.0]
    return float(planned[0])


def is_alive(renter: Renter, folder: JobFolder) -> bool:
    """Whether the worker of this folder runs now; Unavailable where nobody answers."""
    rental = rentals_of(folder).current
    if rental is None or rental.usable_at is None or folder.seen() is None:
        return False
    return ssh.is_alive(folder, ssh_options(renter, rental))


def stop(renter: Renter, folder: JobFolder, deadline_seconds: float) -> str:
    """End the worker; the machine stays until `release`."""
    rental = rentals_of(folder).current
    if rental is None or rental.usable_at is None:
        return "not running"
    return ssh.stop(folder, deadline_seconds, ssh_options(renter, rental))


def release(renter: Renter, folder: JobFolder, why: str = "") -> None:
    """Give the machine back; Conflict while the job's worker runs on it."""
    rental = rentals_of(folder).current
    if rental is None:
        return
    if folder.is_alive() and is_alive(renter, folder):
        job = folder.path.name
        raise Conflict(f"Job {job} already has a worker.", hint=f"hone jobs stop {job}")
    give_back(renter, folder, why)


@contextmanager
def follow(renter: Renter, folder: JobFolder) -> Generator[Callable[[], None]]:
    """As `ssh` follows; each call also holds the limit, and notices a machine that is gone.

    While the machine is being rented, a call does nothing.
    """
    with ExitStack() as lines:
        watching = _Watching(renter, folder, lines)
        yield watching.pull


class _Watching:
    """One machine after the other, as they are rented for the job."""

    def __init__(self, renter: Renter, folder: JobFolder, lines: ExitStack) -> None:
        self.renter = renter
        self.folder = folder
        self.lines = lines
        self.name = ""
        self.silent_since: float | None = None
        self.asked_at = 0.0

    def pull(self) -> None:
        """Bring here what is new; Unavailable where nobody answers."""
        rental = rentals_of(self.folder).current
        if rental is None or rental.usable_at is None or rental.given_back_at is not None:
            return
        if self.folder.seen() is None:
            return  # the job is on its way there
        if rental.name != self.name:
            self.lines.close()
            options = ssh_options(self.renter, rental)
            self._pull = self.lines.enter_context(ssh.follow(self.folder, options))
            self.name, self.silent_since = rental.name, None
        self._hold_limit(rental)
        try:
            self._pull()
            self.silent_since = None
        except Unavailable as error:
            if not self._is_lost(rental, error):
                raise

    def _hold_limit(self, rental: Rental) -> None:
        assert rental.rented_at is not None
        limit = rental.limit_seconds
        passed = self.renter.clock.now() - rental.rented_at.timestamp()
        if passed < limit - min(GRACE_SHARE * limit, GRACE_SECONDS) or not self.folder.is_alive():
            return
        why = f"the limit of ${rental.most_usd:.2f} was reached"
        if not self.folder.is_stop_requested:
            with changing_current(self.folder) as current:
                if current is not None:
                    current.why = why
            self.folder.request_stop()
        if passed >= limit:
            with suppress(Unavailable):
                ssh.stop(self.folder, 0.0, ssh_options(self.renter, rental))
            give_up(self.renter, self.folder, why)
            if self.folder.state() == "lost":
                self.folder.append("cancelled", how="limit")  # it was ended by force

    def _is_lost(self, rental: Rental, error: Unavailable) -> bool:
        """Whether the silent machine is gone, by the provider or by how long it is silent."""
        now = self.renter.clock.now()
        if self.silent_since is None:
            self.silent_since, self.asked_at = now, 0.0
        if now - self.asked_at < ASK_SECONDS:
            return False
        self.asked_at = now
        assert rental.id is not None
        try:
            machine = self.renter.cloud.look(rental.id)
        except HoneError:
            return False  # nobody can be asked: the trouble may be on this side
        if machine is None or machine.state in ("ill", "ending"):
            said = "gone" if machine is None else machine.said
            give_up(
                self.renter, self.folder, f"{self.renter.target} says that its machine is {said}"
            )
            return True
        silent = now - self.silent_since
        if silent < self.renter.options.lost_seconds:
            return False
        give_up(self.renter, self.folder, f"its machine was silent for {silent:.0f} seconds")
        return True


def give_up(renter: Renter, folder: JobFolder, why: str) -> None:
    """Stop believing that the worker lives, and give its machine back; what came here stays."""
    seen = folder.seen()
    if seen is not None:
        folder.write_seen(seen._replace(is_alive=False, is_owed=False, note=why))
    give_back(renter, folder, why)
