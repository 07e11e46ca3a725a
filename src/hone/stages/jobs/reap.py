"""Everything that is rented for this workspace, by what the providers say; what nobody owns goes.

A machine is ours by its name, which was on the disk before the machine was asked for. So one is
found again whose job's folder, or whose id, was never written down.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from filelock import FileLock, Timeout
from pydantic import BaseModel, Field

from hone import settings, shelf
from hone.errors import HoneError, Unavailable
from hone.stages.jobs.rented import RentedTarget, reconcile, settle
from hone.stages.jobs.where import is_rented, look_once, target_named
from hone.targets._clouds import Machine, Renter
from hone.targets._rental_life import end_for_good, give_back
from hone.workspace.job_folder import JobFolder
from hone.workspace.rental_file import rentals_of, workspace_tag

if TYPE_CHECKING:
    from hone.workspace.open import Workspace

Use = Literal["in use", "starting", "nobody's"]


class Found(BaseModel):
    """A machine of this workspace that may still cost money."""

    target: str
    name: str
    id: str | None = Field(description="the provider's; None: intended, and not there")
    said: str = Field(description="the provider's word for its state")
    job: str | None = None
    use: Use = Field(description="nobody's: its job has ended, or is not known here")
    price_per_hour_usd: float | None = None
    is_freed: bool = Field(default=False, description="it was given back now, and is gone")
    trouble: str = Field(default="", description="why it could not be given back now")


class Reaped(BaseModel):
    """What was found, and which providers could not be asked."""

    machines: list[Found]
    problems: list[str]
    corrected_usd: float = Field(default=0.0, description="by the providers' own bills")


def reap(
    ws: Workspace,
    *,
    frees: bool = True,
    also_used: bool = False,
    targets: Sequence[RentedTarget] | None = None,
) -> Reaped:
    """List what is rented for this workspace, and give back what nobody owns.

    Without `frees` nothing is given back. With `also_used`, also what jobs run on: they are lost,
    and go on from what was brought here. A provider without a key here is not asked.
    """
    reaped = Reaped(machines=[], problems=[])
    for target in _every(ws) if targets is None else targets:
        name = target.name
        if settings.credential(target.module.KEYS, ws.root) is None:
            owed = [one.path.name for one in _folders(ws, name) if rentals_of(one).current]
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
    return reaped


def _every(ws: Workspace) -> list[RentedTarget]:
    found = [target_named(ws, name) for name in shelf.names("targets") if is_rented(name)]
    return [one for one in found if isinstance(one, RentedTarget)]


def _look_first(ws: Workspace, target: RentedTarget) -> None:
    """See how the jobs stand that hold a machine: one that has ended gives it back by that."""
    for folder in _folders(ws, target.name):
        if rentals_of(folder).current is not None:
            with suppress(Unavailable):
                look_once(target, folder)


def _reap_at(
    ws: Workspace, renter: Renter, reaped: Reaped, *, frees: bool, also_used: bool
) -> None:
    owners = {
        rental.name: folder
        for folder in _folders(ws, renter.target)
        for rental in rentals_of(folder).rentals
    }
    known = {entry.note for entry in ws.store.ledger.entries()}
    ours = f"hone-{workspace_tag(ws.jobs)}-"
    there = {
        machine.name: machine
        for machine in renter.cloud.machines()
        if machine.name.startswith(ours) or machine.name in known or machine.name in owners
    }
    intended = {name for name, folder in owners.items() if _is_open(folder, name)}
    for name in sorted({*there, *intended}):
        found = _found(renter.target, name, there.get(name), owners.get(name))
        wanted = frees and (found.use == "nobody's" or also_used)
        if wanted:
            _free(ws, renter, found, owners.get(name))
        reaped.machines.append(found)
    for folder in set(owners.values()):
        reaped.corrected_usd += reconcile(ws, folder, renter)


def _folders(ws: Workspace, target: str) -> Iterator[JobFolder]:
    for path in sorted(ws.jobs.glob("*/rental.json")):
        folder = JobFolder(path.parent)
        last = rentals_of(folder).last
        if last is not None and last.target == target:
            yield folder


def _is_open(folder: JobFolder, name: str) -> bool:
    current = rentals_of(folder).current
    return current is not None and current.name == name


def _found(target: str, name: str, machine: Machine | None, folder: JobFolder | None) -> Found:
    use: Use = "nobody's"
    if folder is not None and _is_open(folder, name):
        use = "in use" if folder.is_alive() else "starting" if _is_starting(folder) else use
    return Found(
        target=target,
        name=name,
        id=machine.id if machine is not None else None,
        said=machine.said if machine is not None else "not there",
        job=folder.path.name if folder is not None else None,
        use=use,
        price_per_hour_usd=machine.price_per_hour_usd if machine is not None else None,
    )


def _is_starting(folder: JobFolder) -> bool:
    """Whether some process rents for this job now: it holds the job's start lock."""
    lock = FileLock(folder.path.parent / f".{folder.path.name}.start.lock", thread_local=False)
    try:
        with lock.acquire(timeout=0):
            return False
    except Timeout:
        return True


def _free(ws: Workspace, renter: Renter, found: Found, folder: JobFolder | None) -> None:
    why = "nobody owned it any more"
    try:
        if folder is not None and _is_open(folder, found.name):
            seen = folder.seen()
            if seen is not None and seen.is_alive:
                folder.write_seen(seen._replace(is_alive=False, is_owed=False, note=why))
            give_back(renter, folder, why)
            settle(ws, folder, renter)
        elif found.id is not None:
            end_for_good(renter, found.id)
        found.is_freed = True
    except Unavailable as error:
        found.trouble = error.message
