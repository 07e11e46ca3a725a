"""A rented machine's own guard: it ends the machine when nobody here is left who could."""

from __future__ import annotations

from typing import Any

from hone.errors import Unavailable
from hone.targets import ssh
from hone.targets._clouds import Renter
from hone.targets._rental_life import ssh_options, tell
from hone.targets._ssh import Host
from hone.workspace.job_folder import JobFolder
from hone.workspace.rental_file import rentals_of


def set_guard(renter: Renter, folder: JobFolder) -> bool:
    """Have the usable machine end itself at its limit, or when nobody here asks for too long.

    Whether it will. May be called again: the limit is then told anew. False where the provider
    gives machines no key of their own, or this one has none; then only we can end it.
    """
    rental, end = rentals_of(folder).current, renter.cloud.own_end
    if rental is None or rental.rented_at is None or end is None:
        return False
    options = ssh_options(renter, rental)
    left = rental.rented_at.timestamp() + rental.limit_seconds - renter.clock.now()
    order = {
        "folder": options.folder,
        "seconds": left,  # not a time of day: clocks differ
        **end._asdict(),
    }

    async def ask(host: Host) -> dict[str, Any]:
        return await host.surely("guard", order)

    try:
        is_guarded = bool(ssh.on_machine(options, ask)["is_guarded"])
    except Unavailable as error:
        tell(folder, f"It cannot be told when to end itself: {error.message}", level="warning")
        return False
    if is_guarded:
        tell(folder, f"It ends itself after {left / 60:.0f} minutes, whatever happens here.")
    else:
        tell(folder, "It has no key of its own, so it cannot end itself.", level="warning")
    return is_guarded
