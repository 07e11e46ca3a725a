"""Whether a rented machine is really usable: `active` alone says little of its cards."""

from __future__ import annotations

from typing import Any, NamedTuple

from hone.errors import HoneError
from hone.targets import ssh
from hone.targets._arrival import NEEDS, Wanted, find_python, unmet
from hone.targets._check import GIB, ROOM_FOR_PACKAGES_GIB, ROOM_GIB
from hone.targets._ssh import Host

FACTS_SECONDS = 150.0


class Probed(NamedTuple):
    """What a look at the machine said; `is_final`: waiting longer changes nothing."""

    is_usable: bool
    is_final: bool
    text: str
    fingerprint: str | None = None


def probe(options: ssh.Options, cards: int) -> Probed:
    """Log in, ask for Python, cards, torch and disk; never raises for what a machine lacks."""
    reached = False

    async def work(host: Host) -> Probed:
        nonlocal reached
        try:
            found = await find_python(host, Wanted(options.folder, options.python))
        finally:
            reached = host.was_reached
        trouble = _trouble(found, cards)
        if not trouble and cards and _has_cuda_build(found):
            trouble = _cuda_trouble(await _with_torch(host, options, found))
        if trouble:
            return Probed(False, True, trouble)
        names = sorted({str(one[0]) for one in found["cards"]})
        text = f"{len(found['cards'])} x {', '.join(names)}" if cards else f"{found['cores']} cores"
        free = found["free_bytes"] / GIB
        return Probed(True, True, f"{text}, {free:.0f} GiB free", host.fingerprint)

    try:
        return ssh.on_machine(options, work)
    except HoneError as error:
        # A machine that boots refuses lines and keys; one that was entered tells the truth.
        return Probed(False, reached, error.message)


def _trouble(found: dict[str, Any], cards: int) -> str:
    if len(found["cards"]) < cards:
        return f"nvidia-smi shows {len(found['cards'])} cards of {cards}"
    needed = ROOM_FOR_PACKAGES_GIB if unmet(found["packages"]) else ROOM_GIB
    free = found["free_bytes"] / GIB
    return f"{free:.1f} GiB are free, {needed:g} are needed" if free < needed else ""


def _has_cuda_build(found: dict[str, Any]) -> bool:
    torch = found["packages"].get("torch")
    return torch is not None and "+cpu" not in torch


async def _with_torch(host: Host, options: ssh.Options, found: dict[str, Any]) -> Any:
    host.python = str(found["executable"])
    names = [one.split(">=")[0] for one in NEEDS]
    order = {"folder": options.folder, "packages": names, "asks_torch": True}
    return (await host.surely("facts", order, seconds=FACTS_SECONDS))["cuda"]


def _cuda_trouble(cuda: dict[str, Any] | None) -> str:
    if cuda is None or cuda["is_available"]:
        return ""
    return f"torch cannot use its cards ({cuda['said'] or 'it does not say why'})"
