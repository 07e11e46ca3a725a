"""What a machine over SSH has and lacks, each in a sentence with what mends it."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from hone.errors import HoneError
from hone.targets._arrival import Wanted, arrive, find_python, unmet
from hone.targets._ssh import Host

GIB = 1 << 30
SKEW_SECONDS = 60.0
ROOM_GIB = 1.0
ROOM_FOR_PACKAGES_GIB = 10.0  # torch with CUDA, unpacked


class Checked(NamedTuple):
    """One thing that was looked at."""

    name: str
    is_good: bool
    text: str
    mend: str = ""


async def describe(host: Host, wanted: Wanted) -> dict[str, Any]:
    """Device, memory, cores and torch, as a plan needs them; and what a person should know."""
    found = await find_python(host, wanted)
    lacks = unmet(found["packages"])
    torch = found["packages"].get("torch")
    cards = found["cards"] if torch is None or "+cpu" not in torch else []
    name, total_mib, free_mib = cards[0] if cards else ("", 0.0, 0.0)
    notes = [*host.notes]
    if lacks:
        notes.append(
            f"{host.address.name} lacks {', '.join(lacks)}: the first job there installs them, "
            "which takes minutes."
        )
    return {
        "device": "cuda" if cards else "cpu",
        "name": name or found["machine"],
        "memory_gib": total_mib / 1024 if cards else found["memory_bytes"] / GIB,
        "free_gib": free_mib / 1024 if cards else found["free_memory_bytes"] / GIB,
        "cores": found["cores"],
        "torch": torch,
        "disk_free_gib": found["free_bytes"] / GIB,
        "is_glibc": found["libc"] == "glibc",
        "notes": notes,
    }


async def examine(host: Host, wanted: Wanted, *, mends: bool) -> list[Checked]:
    """Line, key, Python, packages, card, disk and clock; what can be mended from here is."""
    done: list[Checked] = []
    try:
        asked_at = time.time()
        found = await find_python(host, wanted)
        skew = found["time"] - (asked_at + time.time()) / 2
        done.append(Checked("line", True, f"{host.address.name} answers as {found['host']}"))
        done += [Checked("key", True, note) for note in host.notes]
        done += [_disk(found, host.address.setting), _clock(skew)]
        if lacks := unmet(found["packages"]):
            text = f"lacks {', '.join(lacks)}"
            if not mends or not done[-2].is_good:
                done += [_python(found), Checked("packages", False, text, "hone targets check")]
                return done
        place = await arrive(host, wanted, asks_torch=True) if mends else None
        found = place.facts if place is not None else found
        torch = found["packages"].get("torch", "none")
        done += [_python(found), Checked("torch", True, torch), _card(found)]
        if place is not None:
            done.append(Checked("hone", True, f"this version, in {place.hone}"))
    except HoneError as error:
        done.append(Checked("trouble", False, error.message, error.hint))
    return done


def _python(found: dict[str, Any]) -> Checked:
    version = ".".join(map(str, found["python"]))
    return Checked("python", True, f"{version}, {found['executable']}")


def _disk(found: dict[str, Any], setting: str) -> Checked:
    free, folder = found["free_bytes"] / GIB, found["folder"]
    needed = ROOM_FOR_PACKAGES_GIB if unmet(found["packages"]) else ROOM_GIB
    text = f"{free:.1f} GiB free for {folder}"
    if not found["is_writable"]:
        mend = f"hone config set {setting}.folder PATH   (one of your own)"
        return Checked("disk", False, f"{folder} cannot be written", mend)
    if free < needed:
        mend = f"Free some there, or another disk: hone config set {setting}.folder PATH"
        return Checked("disk", False, f"{text}; {needed:g} are needed", mend)
    return Checked("disk", True, text)


def _clock(skew: float) -> Checked:
    if abs(skew) <= SKEW_SECONDS:
        return Checked("clock", True, f"within {max(1.0, abs(skew)):.0f} s of this one")
    way = "ahead of" if skew > 0 else "behind"
    mend = "sudo timedatectl set-ntp true   (there, or here)"
    text = f"{abs(skew):.0f} s {way} this one: times in the list of jobs will look wrong"
    return Checked("clock", False, text, mend)


def _card(found: dict[str, Any]) -> Checked:
    cards, cuda = found["cards"], found["cuda"]
    if not cards:
        return Checked("card", True, "no NVIDIA card: trains on the processor")
    name, total, _ = cards[0]
    text = f"{len(cards)} x {name}, {total / 1024:.0f} GiB"
    if cuda is not None and not cuda["is_available"]:
        why = f": {cuda['said']}" if cuda["said"] else ""
        mend = "Update its driver, or install a torch built for it; then check again."
        return Checked("card", False, f"{text}, but torch cannot use it{why}", mend)
    return Checked("card", True, text + (f", CUDA {cuda['version']}" if cuda else ""))
