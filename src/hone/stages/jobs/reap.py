"""Everything that is rented for this workspace, by what the providers say; what nobody owns goes.

A machine is ours by its name, which was on the disk before the machine was asked for. So one is
found again whose job's folder, or whose id, was never written down.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from hone import settings, shelf
from hone.errors import HoneError, Unavailable
from hone.stages.jobs.asking import in_hand
from hone.stages.jobs.reap_requests import reap_requests
from hone.stages.jobs.reaped import Found, Reaped, Use
from hone.stages.jobs.rented import RentedTarget, reconcile, settle
from hone.stages.jobs.where import is_rented, look_once, target_named
from hone.targets._clouds import Machine, Renter
from hone.targets._rental_life import end_for_good, give_back
from hone.workspace.job_folder import JobFolder
from hone.workspace.rental_file import TAG, rentals_of, workspace_tag

if TYPE_CHECKING:
    from hone.workspace.open import Workspace


def reap(
    ws: Workspace,
    *,
    frees: bool = True,
    also_used: bool = False,
    targets: Sequence[RentedTarget] | None = None,
) -> Reaped:
    """List what is rented for this workspace, or asked of its endpoint; give back what is nobody's.

    Without `frees` nothing is given back. With `also_used`, also what jobs run on: they are lost,
    and go on from what was brought here. A provider without a key here is not asked.
    """
    reaped = Reaped(machines=[], problems=[])
    for target in _every(ws) if targets is None else targets:
        name = target.name
        if settings.credential(target.module.KEYS, ws.root) is None:
            owed = [one.path.name for one in rented_folders(ws, name) if rentals_of(one).current]
            if owed:
                said = f"{name}: there is no key, and {', '.join(owed)} may hold a machine."
                reaped.problems.append(said)
            continue
        try:
            if frees:
                _look_first(ws, target)
            with target.renter() as renter:
                _reap_at(ws, renter, reaped, frees=frees, also_used=also_used)
        except HoneError as error:
            reaped.problems.append(f"{name}: {error.message}")
    if targets is None:
        reap_requests(ws, reaped, frees=frees, also_used=also_used)
    return reaped


def _every(ws: Workspace) -> list[RentedTarget]:
    found = [target_named(ws, name) for name in shelf.names("targets") if is_rented(name)]
    return [one for one in found if isinstance(one, RentedTarget)]


def _look_first(ws: Workspace, target: RentedTarget) -> None:
    """See how the jobs stand that hold a machine: one that has ended gives it back by that."""
    for folder in rented_folders(ws, target.name):
        if rentals_of(folder).current is not None and in_hand(ws, folder.path.name) is None:
            with suppress(Unavailable):
                look_once(target, folder)


def rented_there(ws: Workspace, name: str) -> Reaped:
    """What is rented for this workspace at one provider; nothing is given back, nothing written."""
    there = Reaped(machines=[], problems=[])
    try:
        with next(one for one in _every(ws) if one.name == name).renter() as renter:
            there.machines += [found for found, _ in _found_at(ws, renter)]
    except HoneError as error:
        there.problems.append(f"{name}: {error.message}")
    return there


def _reap_at(
    ws: Workspace, renter: Renter, reaped: Reaped, *, frees: bool, also_used: bool
) -> None:
    for found, folder in _found_at(ws, renter):
        wanted = frees and (found.use == "nobody's" or also_used)
        if wanted:
            _free(ws, renter, found, folder)
        reaped.machines.append(found)
    for folder in rented_folders(ws, renter.target):
        reaped.corrected_usd += reconcile(ws, folder, renter)


def _found_at(ws: Workspace, renter: Renter) -> list[tuple[Found, JobFolder | None]]:
    """Every machine of ours at a provider, or meant to be there, with the job it is for."""
    owners = {
        rental.name: folder
        for folder in rented_folders(ws, renter.target)
        for rental in rentals_of(folder).rentals
    }
    known = {entry.note for entry in ws.store.ledger.entries()}
    # Without a tag nothing was ever named by it.
    ours = f"hone-{workspace_tag(ws.jobs)}-" if (ws.jobs / TAG).exists() else None
    there = {
        machine.name: machine
        for machine in renter.cloud.machines()
        if (ours is not None and machine.name.startswith(ours))
        or machine.name in known
        or machine.name in owners
    }
    intended = {name for name, folder in owners.items() if _is_open(folder, name)}
    return [
        (_found(ws, renter.target, there.get(name), (name, owners.get(name))), owners.get(name))
        for name in sorted({*there, *intended})
    ]


def rented_folders(ws: Workspace, target: str) -> Iterator[JobFolder]:
    """The jobs for which machines of this target were ever rented."""
    for path in sorted(ws.jobs.glob("*/rental.json")):
        folder = JobFolder(path.parent)
        last = rentals_of(folder).last
        if last is not None and last.target == target:
            yield folder


def _is_open(folder: JobFolder, name: str) -> bool:
    current = rentals_of(folder).current
    return current is not None and current.name == name


def _found(
    ws: Workspace, target: str, machine: Machine | None, owner: tuple[str, JobFolder | None]
) -> Found:
    name, folder = owner
    use: Use = "nobody's"
    if folder is not None and _is_open(folder, name):
        # The supervisor rents, and gives back, for what it has in hand.
        is_in_hand = in_hand(ws, folder.path.name) is not None
        use = "in use" if folder.is_alive() else "in hand" if is_in_hand else use
    return Found(
        target=target,
        name=name,
        id=machine.id if machine is not None else None,
        said=machine.said if machine is not None else "not there",
        job=folder.path.name if folder is not None else None,
        use=use,
        price_per_hour_usd=machine.price_per_hour_usd if machine is not None else None,
    )


def _free(ws: Workspace, renter: Renter, found: Found, folder: JobFolder | None) -> None:
    why = "nobody owned it any more"
    try:
        if folder is not None and _is_open(folder, found.name):
            seen = folder.seen()
            if seen is not None and seen.is_alive:
                folder.write_seen(seen._replace(is_alive=False, is_owed=False, note=why))
            give_back(renter, folder, why)
            settle(ws, folder, renter.clock)
        elif found.id is not None:
            end_for_good(renter, found.id)
        found.is_freed = True
    except Unavailable as error:
        found.trouble = error.message
