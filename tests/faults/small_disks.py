"""Disks that really are full: file systems in memory of a size that a test chooses."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hone.workspace.job_folder import JobFolder

Mount = Callable[[Path, int], None]


@pytest.fixture
def small_disk() -> Iterator[Mount]:
    """What puts a disk of so many megabytes at a place."""
    with ExitStack() as mounted:

        def mount(place: Path, megabytes: int) -> None:
            place.mkdir(parents=True, exist_ok=True)
            size = ["-o", f"size={megabytes}m"]
            done = subprocess.run(["mount", "-t", "tmpfs", *size, "tmpfs", str(place)])
            if done.returncode:
                pytest.skip("only root may mount a small disk")
            mounted.callback(subprocess.run, ["umount", "-l", str(place)], check=True)

        yield mount


def enlarge(place: Path, megabytes: int) -> None:
    resize(place, megabytes << 20)


def resize(place: Path, size: int) -> None:
    """Of so many bytes; never less than what is on it."""
    subprocess.run(["mount", "-o", f"remount,size={size}", str(place)], check=True)


def leave_room(place: Path, size: int) -> None:
    """So many bytes, and no more, can still be written there."""
    resize(place, shutil.disk_usage(place).used + size)


def weights(folder: JobFolder) -> dict[str, str]:
    """The checkpoints that are here, by what stands in them."""
    found = sorted(folder.checkpoints.glob("checkpoint-*/weights"))
    return {path.parent.name: path.read_text().strip() for path in found}


def begins(folder: JobFolder) -> list[int]:
    """Where each attempt of a job began."""
    return [(e.model_extra or {})["begins_at"] for e in folder.events() if e.type == "stage"]
