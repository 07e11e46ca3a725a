"""The verbs of a target whose machine is rented: what `ssh` does there, within a limit of money."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from hone.errors import Conflict, HoneError, Unavailable
from hone.records.rental import Offer, Rental
from hone.targets import ssh
from hone.targets._clouds import Renter
from hone.targets._rehearsal import brought_home, trial_of
from hone.targets._rental_choice import candidates, check, memory_needed, planned_machine
from hone.targets._rental_guard import set_guard
from hone.targets._rental_life import POLL_SECONDS, MachineLost, acquire, give_back, ssh_options
from hone.targets._ssh import Unreachable
from hone.workspace.job_folder import Identity, JobFolder, Ticket
from hone.workspace.rental_file import changing_current, rentals_of

__all__ = [
    "Renter",
    "begin",
    "check",
    "follow",
    "is_alive",
    "let_go",
    "planned_machine",
    "rehearse",
    "release",
    "start",
    "stop",
    "upload",
]

# Before the limit is reached, this share of it, so many seconds at most, is left for a last
# checkpoint and for bringing it home.
GRACE_SHARE, GRACE_SECONDS = 0.1, 180.0
ASK_SECONDS = 15.0  # between two questions to the provider about a machine


def start(renter: Renter, folder: JobFolder, command: Sequence[str] | None = None) -> Identity:
    """Rent what hone.yaml wants, wait until it is usable, and start the job there."""

    def offers() -> list[Offer]:
        return candidates(renter, least_memory_gib=memory_needed(folder.job))

    rental = acquire(renter, folder, offers)
    set_guard(renter, folder)
    return ssh.start(folder, ssh_options(renter, rental), command=command)


def upload(renter: Renter, folder: JobFolder, goes_on: Callable[[], bool]) -> None:
    """Bring Hone and the job there.

    MachineLost where the machine dies meanwhile; HoneError where its limit of money comes near,
    or the job need not `goes_on`: then the upload is broken off.
    """
    minding = _Minding(renter, folder)

    def mind() -> None:
        minding.before_it_begins(goes_on)

    minding.patiently(lambda options: ssh.upload(folder, options, mind=mind), mind)


def rehearse(
    renter: Renter,
    folder: JobFolder,
    ticket: Ticket,
    goes_on: Callable[[], bool],
    command: Sequence[str] | None = None,
) -> JobFolder:
    """Carry the job's rehearsal out there and bring its words home; its folder, once it is over.

    Done again after a kill, the same one is waited for, or is over already. Errors as `upload`
    has them, and those of a worker that never began.
    """
    minding = _Minding(renter, folder)
    trial = trial_of(folder, _usable(folder).name)

    def mind() -> None:
        minding.before_it_begins(goes_on)

    def carry_out(options: ssh.Options) -> None:
        options = options.model_copy(update={"keeps_folder": False, "brings_checkpoints": False})
        ssh.begin(trial, ticket, options, command=command)
        with ssh.follow(trial, options, left=brought_home(trial)) as pull:
            while True:
                # A look first: what has ended a moment ago has not been brought here yet.
                pull()
                minding.hears()
                seen = trial.seen()
                if seen is not None and not (seen.is_alive or seen.is_owed):
                    break
                mind()
        ssh.release(trial, options)

    if not trial.has_result and trial.state() != "failed":
        minding.patiently(carry_out, mind)
    return trial


def begin(
    renter: Renter, folder: JobFolder, ticket: Ticket, command: Sequence[str] | None = None
) -> None:
    """As `ssh` begins: one worker per ticket; MachineLost where the machine dies meanwhile."""
    minding = _Minding(renter, folder)
    minding.patiently(
        lambda options: ssh.begin(folder, ticket, options, command=command),
        lambda: minding.look(_usable(folder)),
    )


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


def let_go(renter: Renter, folder: JobFolder, why: str) -> None:
    """Give the machine back whatever runs on it; what came here stays, and nobody waits for more.

    Unavailable where the provider does not say in time that it is gone.
    """
    if rentals_of(folder).current is not None:
        _believe_no_more(folder, why or "nobody followed it any more")
    give_back(renter, folder, why)


@contextmanager
def follow(renter: Renter, folder: JobFolder) -> Generator[Callable[[], None]]:
    """As `ssh` follows; each call also holds the limit, and notices a machine that is gone.

    A job that is over by that counts as ended from then on; its machine is still to be given
    back. While the machine is being rented, a call does nothing.
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
        self.minding = _Minding(renter, folder)

    def pull(self) -> None:
        """Bring here what is new; Unavailable where nobody answers."""
        rental = rentals_of(self.folder).current
        if rental is None or rental.usable_at is None or rental.given_back_at is not None:
            return
        if self.folder.seen() is None:
            return  # the job is on its way there
        if rental.is_lost:
            _believe_no_more(self.folder, rental.why)  # a kill came before that was written
            return
        if rental.name != self.name:
            self.lines.close()
            options = ssh_options(self.renter, rental)
            self._pull = self.lines.enter_context(ssh.follow(self.folder, options))
            self.name, self.minding = rental.name, _Minding(self.renter, self.folder)
        if self.minding.hold_limit(rental):
            return
        try:
            self._pull()
            self.minding.hears()
        except Unreachable as error:
            with suppress(MachineLost):
                self.minding.silence(rental)
                raise error
        except HoneError as error:
            if isinstance(error.__cause__, OSError):  # this machine's disk: the job goes on there
                raise Unavailable(error.message, hint=error.hint) from error
            raise


class _Minding:
    """Sees that a machine is worth its money: that it is there, and within its limit."""

    def __init__(self, renter: Renter, folder: JobFolder) -> None:
        self.renter = renter
        self.folder = folder
        self.silent_since: float | None = None
        self.asked_at = renter.clock.now()

    def hears(self) -> None:
        """Note that the machine answered."""
        self.silent_since = None

    def patiently(self, work: Callable[[ssh.Options], None], mind: Callable[[], None]) -> None:
        """Do it again while the machine does not answer, until it counts as lost."""
        while True:
            rental = _usable(self.folder)
            try:
                return work(ssh_options(self.renter, rental))
            except Unreachable:
                self.silence(rental)
                self.renter.clock.sleep(POLL_SECONDS)
                mind()

    def before_it_begins(self, goes_on: Callable[[], bool]) -> None:
        """Raises what ends all that comes before the job itself, as `upload` says."""
        rental = _usable(self.folder)
        if not goes_on():
            raise Conflict("The job was stopped.", hint="hone jobs list")
        if self.is_near_limit(rental):
            raise HoneError(
                f"The limit of ${rental.most_usd:.2f} came near before the job began.",
                hint="hone config set budget.per_job_usd N, or budget_usd in the recipe",
            )
        self.look(rental)

    def is_near_limit(self, rental: Rental) -> bool:
        """Whether only the time for a last checkpoint is left."""
        limit = rental.limit_seconds
        return self._held(rental) >= limit - min(GRACE_SHARE * limit, GRACE_SECONDS)

    def hold_limit(self, rental: Rental) -> bool:
        """Ask for a checkpoint when the limit comes near, and end the job at it; whether it did."""
        if not self.is_near_limit(rental) or not self._is_busy():
            return False
        why = f"the limit of ${rental.most_usd:.2f} was reached"
        if not self.folder.is_stop_requested:
            with changing_current(self.folder) as current:
                if current is not None:
                    current.why = why
            self.folder.request_stop()
        if self._held(rental) < rental.limit_seconds:
            return False
        with suppress(Unavailable):
            ssh.stop(self.folder, 0.0, ssh_options(self.renter, rental))
        _believe_no_more(self.folder, why)
        if self.folder.state() == "lost":
            self.folder.append("cancelled", how="limit")  # it was ended by force
        return True

    def _held(self, rental: Rental) -> float:
        assert rental.rented_at is not None
        return self.renter.clock.now() - rental.rented_at.timestamp()

    def _is_busy(self) -> bool:
        """Whether the machine still works for the job: it runs, or what it left is not here."""
        seen = self.folder.seen()
        return seen is not None and (seen.is_alive or seen.is_owed)

    def look(self, rental: Rental) -> None:
        """Ask the provider now and then; MachineLost where it says that the machine is gone."""
        now = self.renter.clock.now()
        if now - self.asked_at < ASK_SECONDS:
            return
        self.asked_at = now
        assert rental.id is not None
        try:
            machine = self.renter.cloud.look(rental.id)
        except HoneError:
            return  # nobody can be asked: the trouble may be on this side
        if machine is None or machine.state in ("ill", "ending"):
            said = "gone" if machine is None else machine.said
            self._lose(f"{self.renter.target} says that its machine is {said}")

    def silence(self, rental: Rental) -> None:
        """Note that the machine did not answer; MachineLost where it is gone, or silent too long.

        Who says so is the provider, or the clock.
        """
        now = self.renter.clock.now()
        if self.silent_since is None:
            self.silent_since, self.asked_at = now, 0.0
        self.look(rental)
        silent = now - self.silent_since
        if silent >= self.renter.options.lost_seconds:
            self._lose(f"its machine was silent for {silent:.0f} seconds")

    def _lose(self, why: str) -> None:
        with changing_current(self.folder) as current:
            if current is not None:
                current.is_lost, current.why = True, why
        _believe_no_more(self.folder, why)
        raise MachineLost(
            f"The job has no machine any more: {why}.",
            hint=f"hone jobs resume {self.folder.path.name}",
        )


def _usable(folder: JobFolder) -> Rental:
    rental = rentals_of(folder).current
    if rental is None or rental.usable_at is None or rental.given_back_at is not None:
        raise Conflict("The machine was given back meanwhile.", hint="hone jobs list")
    return rental


def _believe_no_more(folder: JobFolder, why: str) -> None:
    """Stop believing that a worker lives there, or that more will come from it."""
    seen = folder.seen()
    if seen is not None and (seen.is_alive or seen.is_owed):
        folder.write_seen(seen._replace(is_alive=False, is_owed=False, note=why))
