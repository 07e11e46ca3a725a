"""The life of a rental, one step after the other; every step may be done again after a kill.

    record_intent   a unique name is on the disk before anything is asked of the provider
    rent            a machine of that name is looked for first, and only then made
    wait_usable     SSH answers, the cards are there and work, the disk has room
    give_back       asked again and again until the provider says that it is gone

Whoever rents holds the job's start lock. Money is reserved before, by the stage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hone.errors import Conflict, GateRefused, HoneError, Unavailable
from hone.records.rental import Offer, Rental
from hone.targets import _pins, ssh
from hone.targets._clock import moment
from hone.targets._clouds import Machine, Renter
from hone.targets._probe import probe
from hone.targets._rented_key import key_pair
from hone.targets._rest import AnswerLost, CloudRefused, NoCapacity
from hone.workspace.job_folder import JobFolder
from hone.workspace.rental_file import changing, rentals_of, workspace_tag

POLL_SECONDS = 5.0
SETTLE_SECONDS = (2.0, 5.0, 10.0, 20.0)  # between looks for what a lost answer may have made
GONE_SECONDS = 300.0
PRICE_MARGIN = 1.01
MOST_NAME = 64
MOST_REQUESTS = 3  # to rent one machine, each of whose answers was lost
CONFLICT = 409
SAME = (
    "port folder python index nice claim_seconds connect_seconds stall_seconds patience_seconds "
    "look_seconds install_seconds brings_checkpoints"
).split()


class BadMachine(HoneError):
    """A rented machine that cannot be used; another one may be good."""


class MachineLost(HoneError):
    """The machine that a job runs on is gone; the job may go on on another one."""


def record_intent(renter: Renter, folder: JobFolder, offer: Offer) -> Rental:
    """The open rental of this job, else a new one for `offer`, on the disk with its unique name.

    GateRefused where nothing is left of what was reserved.
    """
    tag = workspace_tag(folder.path.parent)
    with changing(folder) as found:
        if found.current is not None:
            return found.current
        now = moment(renter.clock.now())
        left = found.left_usd(now)
        if left <= 0:
            raise GateRefused(
                f"Nothing is left of the ${found.reserved_usd:.2f} that are reserved for "
                f"{folder.path.name}.",
                hint="hone config set budget.per_job_usd N, then the same command again",
            )
        rental = Rental(
            name=_name(tag, folder.path.name, len(found.rentals) + 1),
            target=renter.target,
            offer=offer,
            most_usd=left,
            intended_at=now,
        )
        found.rentals.append(rental)
        return rental


def _name(tag: str, job: str, number: int) -> str:
    """Unique for ever: a job's id holds its time and four letters of chance."""
    before, after = f"hone-{tag}-", f"-{number}"
    return before + job[-(MOST_NAME - len(before) - len(after)) :] + after


def rent(renter: Renter, folder: JobFolder) -> Rental:
    """Rent what was intended; a machine that already has the intent's name is taken instead.

    NoCapacity, NoCredit and the like where the provider refuses: then nothing was rented.
    AnswerLost where it is not known; the intent stays open. BadMachine where it costs more.
    """
    rental = _current(folder)
    if rental.id is not None:
        return rental
    # Where a request may have been sent before, what it made may be listed late.
    was_asked = rental.rented_at is not None
    find = _look_for if was_asked else _of_that_name
    machine = find(renter, rental.name)
    if machine is None:
        tell(folder, f"Renting {rental.offer.text} at ${rental.offer.price_per_hour_usd:.2f}/h.")
        # From here on money may run, whatever becomes of this process.
        rental = _note(folder, rented_at=moment(renter.clock.now()))
        try:
            machine = _made(renter, rental)
        except (NoCapacity, CloudRefused) as error:
            close_intent(renter, folder, error.message)
            raise
    offered = rental.offer.price_per_hour_usd
    price = machine.price_per_hour_usd or offered
    begun = rental.rented_at or moment(renter.clock.now())
    try:
        rental = _note(folder, id=machine.id, price_per_hour_usd=price, rented_at=begun)
    except Conflict:
        renter.cloud.end(machine.id)  # somebody stopped the job while the provider was asked
        raise
    if price > offered * PRICE_MARGIN:
        raise BadMachine(
            f"{rental.offer.text} costs ${price:.2f} an hour in place of ${offered:.2f}.",
            hint=f"hone targets check {renter.target}",
        )
    return rental


def _made(renter: Renter, rental: Rental) -> Machine:
    """Ask for the machine; where an answer is lost, look for it, and only then ask again."""
    public = key_pair(renter.options.key).public
    for asked in range(1, MOST_REQUESTS + 1):
        try:
            machine = renter.cloud.rent(rental.name, rental.offer, public)
        except AnswerLost:
            found = _look_for(renter, rental.name)
            if found is not None:
                return found
            if asked == MOST_REQUESTS:
                raise
            continue
        except CloudRefused:
            # This one was refused; an earlier one, whose answer was lost, may not have been.
            found = _look_for(renter, rental.name) if asked > 1 else None
            if found is not None:
                return found
            raise
        # After a lost answer there may be two: the look ends all but one.
        return machine if asked == 1 else _of_that_name(renter, rental.name) or machine
    raise AssertionError("unreachable")


def _look_for(renter: Renter, name: str) -> Machine | None:
    """What a request made whose answer was lost; it may be listed only after a while."""
    for seconds in SETTLE_SECONDS:
        renter.clock.sleep(seconds)
        if (machine := _of_that_name(renter, name)) is not None:
            return machine
    return None


def _of_that_name(renter: Renter, name: str) -> Machine | None:
    """The machine of this name; of several, which can only come from lost answers, one is kept."""
    found = [one for one in renter.cloud.machines() if one.name == name and one.state != "ending"]
    for extra in found[1:]:
        renter.cloud.end(extra.id)
    return found[0] if found else None


def close_intent(renter: Renter, folder: JobFolder, why: str) -> None:
    """Note that nothing was rented for the open intent, so that it costs nothing."""
    now = moment(renter.clock.now())
    _note(folder, gone_at=now, why=why, cost_usd=0.0, cost_of="measured")


def wait_usable(
    renter: Renter, folder: JobFolder, goes_on: Callable[[], bool] = lambda: True
) -> Rental:
    """Wait until SSH answers, cards work and the disk has room; `boot_seconds` at most.

    BadMachine where it never is; the caller gives it back. Conflict once it need not `goes_on`.
    """
    rental = _current(folder)
    id = rental.id
    assert id is not None
    if rental.usable_at is not None:
        machine = renter.cloud.look(id)
        if machine is not None and machine.state == "ready":
            return rental
        raise BadMachine(
            f"{rental.offer.text} is gone.", hint=f"hone jobs resume {folder.path.name}"
        )
    options, clock = renter.options, renter.clock
    began = (rental.rented_at or rental.intended_at).timestamp()
    patience, said = min(options.boot_seconds, rental.limit_seconds), "it never came up"
    while True:
        machine = renter.cloud.look(id)
        if machine is None or machine.state in ("ill", "ending"):
            what = "gone" if machine is None else machine.said
            raise BadMachine(
                f"{rental.offer.text} is {what}.", hint=f"hone jobs resume {folder.path.name}"
            )
        if machine.state == "ready" and machine.host:
            rental = _reached(folder, rental, machine)
            found = probe(ssh_options(renter, rental), rental.offer.cards)
            if found.is_usable:
                now = moment(clock.now())
                tell(folder, f"{machine.host} is usable: {found.text}.")
                return _note(folder, usable_at=now, fingerprint=found.fingerprint)
            if found.is_final:
                raise BadMachine(
                    f"{rental.offer.text} cannot be used: {found.text}.",
                    hint=f"hone jobs resume {folder.path.name}   (rents another one)",
                )
            said = found.text
        if clock.now() - began > patience:
            raise BadMachine(
                f"{rental.offer.text} was not usable within {patience:.0f} seconds: {said}.",
                hint=f"hone jobs resume {folder.path.name}   (rents another one); where none ever "
                f"answers, does a firewall close port {rental.port or 22} on the way out?",
            )
        clock.sleep(POLL_SECONDS)
        if _current(folder).given_back_at is not None:
            raise Conflict("The machine was given back meanwhile.", hint="hone jobs list")
        if not goes_on():
            raise Conflict("The job was stopped.", hint="hone jobs list")


def _reached(folder: JobFolder, rental: Rental, machine: Machine) -> Rental:
    if (rental.host, rental.port) != (machine.host, machine.port):
        # Addresses are used again: what was pinned belonged to a machine that is gone.
        _pins.forget(str(machine.host), machine.port)
    return _note(folder, host=machine.host, port=machine.port, user=machine.user)


def give_back(renter: Renter, folder: JobFolder, why: str = "") -> None:
    """Give the open rental back and wait until it is gone; harmless where there is none.

    Unavailable where the provider does not say so in time: it stays open, and is asked again.
    """
    rental = rentals_of(folder).current
    if rental is None:
        return
    if rental.id is None:
        # A kill may have come between the request and its answer.
        machine = _of_that_name(renter, rental.name)
        if machine is None and rental.rented_at is not None:
            machine = _look_for(renter, rental.name)
        if machine is None:
            close_intent(renter, folder, why or "it was not rented")
            return
        rental = _note(folder, id=machine.id)
    assert rental.id is not None

    def asked() -> None:
        held = _current(folder)
        if held.given_back_at is None:
            now = moment(renter.clock.now())
            _note(folder, given_back_at=now, why=held.why or why)

    end_for_good(renter, rental.id, asked)
    _close(renter, folder, why)


def end_for_good(renter: Renter, id: str, asked: Callable[[], None] = lambda: None) -> None:
    """Ask for a machine's end until the provider says that it is gone; `asked`: after each time.

    Unavailable where it does not say so in time.
    """
    clock, deadline = renter.clock, renter.clock.now() + GONE_SECONDS
    while (machine := renter.cloud.look(id)) is not None:
        if machine.state != "ending":
            _end(renter, id)
        asked()
        if clock.now() > deadline:
            raise Unavailable(
                f"{renter.target} still shows {machine.name} after {GONE_SECONDS:.0f} seconds.",
                hint="hone jobs reap   (asks again)",
            )
        clock.sleep(POLL_SECONDS)


def _end(renter: Renter, id: str) -> None:
    try:
        renter.cloud.end(id)
    except CloudRefused as error:
        if error.status != CONFLICT:  # not now: asked again
            raise


def _close(renter: Renter, folder: JobFolder, why: str) -> None:
    now = moment(renter.clock.now())
    with changing(folder) as found:
        rental = found.current
        if rental is None:
            return
        rental.given_back_at = rental.given_back_at or now
        rental.why = rental.why or why
        rental.cost_usd, rental.cost_of = rental.cost_at(now), "measured"
        rental.gone_at = now
        if rental.host is not None:
            _pins.forget(rental.host, rental.port)
    tell(folder, f"Gave {rental.offer.text} back: ${rental.cost_usd:.4f}.")


def rent_one(renter: Renter, folder: JobFolder, offers: Callable[[], Sequence[Offer]]) -> Rental:
    """A rented machine: the one that is open for this job, else the first offer that is free.

    One that costs more than was offered is given back, as in `pass_over`. NoCapacity where none
    is free; what is asked for again then is the next of them.
    """
    current = rentals_of(folder).current
    if current is not None and current.given_back_at is not None:
        give_back(renter, folder)  # a kill came before it was gone
        current = None
    waiting = [current.offer] if current is not None else _in_turn(folder, offers())
    for offer in waiting:
        record_intent(renter, folder, offer)
        try:
            return rent(renter, folder)
        except NoCapacity:
            tell(folder, f"{offer.text} is not free.", level="warning")
        except BadMachine as error:
            pass_over(renter, folder, error)
    tried = ", ".join(dict.fromkeys(one.text for one in waiting))
    raise NoCapacity(
        f"Nothing is free: {tried}.",
        hint=f"Name more in {renter.options.setting}.gpu, or try again later.",
    )


def _in_turn(folder: JobFolder, offers: Sequence[Offer]) -> list[Offer]:
    """In the order that is wanted, those last that turned out bad for this attempt."""
    bad = [one.offer.text for one in rentals_of(folder).of_this_attempt if one.id is not None]
    return sorted(offers, key=lambda offer: bad.count(offer.text))


def pass_over(renter: Renter, folder: JobFolder, error: BadMachine) -> None:
    """Give a bad machine back; raises what is wrong with it where it was the last of `tries`."""
    tell(folder, error.message, level="warning")
    give_back(renter, folder, error.message)
    had = [one for one in rentals_of(folder).of_this_attempt if one.id is not None]
    if len(had) >= renter.options.tries:
        raise error


def acquire(
    renter: Renter,
    folder: JobFolder,
    offers: Callable[[], Sequence[Offer]],
    goes_on: Callable[[], bool] = lambda: True,
) -> Rental:
    """A usable machine: the one that is already rented for this job, else one of the offers.

    Where one is not free, the next; a machine that turns out bad is given back, and another one
    is rented, `tries` in all. HoneError with the last reason where none remains.
    """
    while True:
        rent_one(renter, folder, offers)
        try:
            return wait_usable(renter, folder, goes_on)
        except BadMachine as error:
            pass_over(renter, folder, error)


def ssh_options(renter: Renter, rental: Rental) -> Any:
    """The rented machine as the target `ssh` knows machines."""
    said = {name: getattr(renter.options, name) for name in SAME}
    said |= {
        "host": rental.host,
        "port": rental.port,
        "user": rental.user,
        "key": str(key_pair(renter.options.key).path),
        "fingerprint": rental.fingerprint,
        "keeps_folder": True,  # it goes with the machine
    }
    return ssh.Options.model_validate(said).known_as(renter.target)


def tell(folder: JobFolder, text: str, *, level: str = "info") -> None:
    """An event of the job, for whoever watches; only while no worker writes there."""
    if folder.is_alive():
        return
    if level == "info":
        folder.append("rental", text=text)
    else:
        folder.append("log", level=level, text=text)


def _current(folder: JobFolder) -> Rental:
    rental = rentals_of(folder).current
    if rental is None:
        raise Conflict("The machine was given back meanwhile.", hint="hone jobs list")
    return rental


def _note(folder: JobFolder, **values: Any) -> Rental:
    """Write values of the open rental down."""
    with changing(folder) as found:
        rental = found.current
        if rental is None:
            raise Conflict("The machine was given back meanwhile.", hint="hone jobs list")
        for name, value in values.items():
            setattr(rental, name, value)
        return rental
