"""What a kill left half-written: never read by anybody, and safe to delete once it is old."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from hone.stages.health.finding import Finding, ok, warning

# What is younger may be at work.
OLD_SECONDS = 3600.0
MOST_ENTRIES = 200_000
MIB = 1024**2
# .NAME.k2j4x_9a (tempfile), .NAME.PID.part or .partial, NAME.partial, .MODEL.JOB and .DATASET.X
ASIDE = re.compile(r"^\..+\.([a-z0-9_]{8}|part|partial)$|\.partial$")
ASIDE_FOLDER = re.compile(r"^\..+\.[A-Za-z0-9_-]+$")
# Files beside the jobs whose names only look like it.
KEPT = re.compile(r"\.(lock|holder|tag)$")
FOLDERS_OF_VERSIONS = ("datasets", "models")


def look_at_leftovers(root: Path) -> Iterator[Finding]:
    """Asides in the folders that Hone writes; what lies elsewhere is the user's own."""
    found = list(_asides(root))
    if not found:
        yield ok("workspace", "nothing half-written is left over")
        return
    total = sum(_bytes(path) for path in found)
    yield warning(
        "workspace",
        f"{len(found):,} half-written file{'s' if len(found) > 1 else ''} of work that was "
        f"killed ({total / MIB:.1f} MiB), such as {found[0].relative_to(root)}",
        "rm -r " + " ".join(str(path) for path in found[:3]) + (" …" if len(found) > 3 else ""),
    )


def _asides(root: Path) -> Iterator[Path]:
    before, seen = time.time() - OLD_SECONDS, 0
    for top in ("", "data", "datasets", "jobs", "models", "reports", "tasks"):
        walked = os.walk(root / top)
        for folder, folders, names in walked:
            here = Path(folder)
            if not top:
                folders.clear()
            for name in list(folders):
                if name.startswith("."):
                    folders.remove(name)
                    is_aside = top in FOLDERS_OF_VERSIONS and ASIDE_FOLDER.match(name)
                    if is_aside and _is_old(here / name, before):
                        yield here / name
            for name in names:
                is_aside = ASIDE.search(name) and not KEPT.search(name)
                if is_aside and _is_old(here / name, before):
                    yield here / name
            seen += len(names)
            if seen > MOST_ENTRIES:
                return


def _is_old(path: Path, before: float) -> bool:
    try:
        return path.stat().st_mtime < before
    except FileNotFoundError:
        return False  # somebody has just put it in place


def _bytes(path: Path) -> int:
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return sum(one.stat().st_size for one in files)
