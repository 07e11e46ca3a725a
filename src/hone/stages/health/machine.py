"""The machine: Python, the device that a training would use, memory and disk."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import psutil

from hone.stages.health.finding import Finding, ok, problem, warning

GIB = 1024**3
PYTHONS = ((3, 11), (3, 14))  # from, below
# A model of a few million weights trains in less; one of seven billion asks its plan.
LITTLE_MEMORY_GIB = 1.0
NO_ROOM_GIB, LITTLE_ROOM_GIB = 0.5, 5.0
NETWORK_DISKS = ("nfs", "nfs4", "cifs", "smbfs", "smb3", "9p", "fuse.sshfs", "afpfs", "davfs")


class Device(Protocol):
    """What a plan says of this machine (`stages/train`: Machine)."""

    device: str
    name: str
    memory_gib: float
    free_gib: float
    cards: int
    cores: int
    torch: str | None


def look_at_machine(device: Device, *, python: tuple[int, int] | None = None) -> Iterator[Finding]:
    """Python's version, the device and its memory."""
    yield _python(python or (sys.version_info.major, sys.version_info.minor))
    yield from _device(device)


def _python(version: tuple[int, int]) -> Finding:
    told = f"Python {platform.python_version()} in {sys.prefix}"
    if PYTHONS[0] <= version < PYTHONS[1]:
        return ok("machine", told)
    return problem(
        "machine", f"{told}: Hone runs on 3.11 to 3.13", "Make an environment with one of these."
    )


def _device(device: Device) -> Iterator[Finding]:
    cores = f"{device.cores} core{'' if device.cores == 1 else 's'}"
    if device.device == "cuda":
        cards = f"{device.cards} x {device.name}" if device.cards > 1 else device.name
        what = f"trains on {cards}, {device.free_gib:.1f} of {device.memory_gib:.0f} GiB free"
    else:
        where = "the processor" if device.device == "cpu" else device.device
        what = (
            f"trains on {where}: {cores}, {device.free_gib:.1f} of {device.memory_gib:.1f} GiB "
            "of memory free"
        )
    if device.free_gib < LITTLE_MEMORY_GIB:
        yield warning("machine", what, "Close other programs; a plan says what a training needs.")
    else:
        yield ok("machine", what)
    if device.device == "cpu" and device.torch is not None and shutil.which("nvidia-smi"):
        why = (
            f"the installed torch {device.torch} is built without CUDA"
            if "+cpu" in device.torch
            else "its driver does not answer"
        )
        mend = (
            "pip install torch   (a build for CUDA), then: hone doctor"
            if "+cpu" in device.torch
            else "nvidia-smi   (says what is wrong)"
        )
        yield warning("machine", f"an NVIDIA card is not used: {why}", mend)


def look_at_disk(folder: Path) -> Iterator[Finding]:
    """Free space, and whether the disk is one on which locks can be trusted."""
    free = shutil.disk_usage(folder).free / GIB
    what = f"{free:.1f} GiB of disk are free for {folder}"
    mend = "Free some space; cache/ of a workspace may be deleted at any time."
    if free < NO_ROOM_GIB:
        yield problem("machine", what, mend)
    elif free < LITTLE_ROOM_GIB:
        yield warning("machine", what, mend)
    else:
        yield ok("machine", what)
    kind = disk_kind(folder)
    if kind in NETWORK_DISKS:
        yield warning(
            "machine",
            f"{folder} lies on a network disk ({kind}), where locks may fail",
            "Use it from one machine at a time, or move it to a disk of this machine.",
        )


def disk_kind(folder: Path) -> str:
    """The kind of the file system that holds a folder, such as ext4; nothing where unknown."""
    place = folder.resolve()
    holding = [
        part for part in psutil.disk_partitions(all=True) if place.is_relative_to(part.mountpoint)
    ]
    return max(holding, key=lambda part: len(part.mountpoint)).fstype if holding else ""
