"""Locks that a process holds although whoever should hold them is gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psutil

from hone.stages.health.finding import Finding, problem
from hone.workspace.job_folder import JobFolder

KERNEL = Path("/proc/locks")
# 1: FLOCK  ADVISORY  WRITE 4711 08:01:131 0 EOF
LINE = re.compile(r"^\d+: \S+\s+\S+\s+WRITE (\d+) [0-9a-f]+:[0-9a-f]+:(\d+) ")


def look_at_locks(jobs: Path, kernel: Path = KERNEL) -> Iterator[Finding]:
    """Locks of jobs and devices that live on in some process; only Linux says who holds one.

    A lock file by itself means nothing: the system lets go of it when its process ends.
    """
    held = _held(kernel)
    for lock in sorted([*jobs.glob("*/worker.lock"), *jobs.glob(".*.lock")] if held else []):
        try:
            pid = held.get(lock.stat().st_ino)
        except FileNotFoundError:
            continue
        if pid is None or (job := _job_of(lock)) is None or job.is_alive():
            continue
        yield problem(
            "jobs",
            f"process {pid} ({_name(pid)}) holds {lock.name} of {job.path.name}, whose worker is "
            "gone: the next one would wait for it",
            f"kill {pid}",
        )


def _held(kernel: Path) -> dict[int, int]:
    """Inode -> the process that holds its lock."""
    try:
        lines = kernel.read_text().splitlines()
    except OSError:
        return {}
    found = [LINE.match(line) for line in lines]
    return {int(one.group(2)): int(one.group(1)) for one in found if one}


def _job_of(lock: Path) -> JobFolder | None:
    """The job whose worker holds this lock by right; None where it is not a worker's lock."""
    if lock.name == "worker.lock":
        return JobFolder(lock.parent)
    holder = lock.with_suffix(".holder")
    try:
        name = holder.read_text().strip()
    except OSError:
        return None
    return JobFolder(lock.parent / name) if name else None


def _name(pid: int) -> str:
    try:
        return psutil.Process(pid).name()
    except psutil.Error:
        return "of somebody else"
