"""Rows without folders, and folders without rows: jobs, datasets, models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from hone.stages.health.finding import Finding, listed, ok, problem, warning
from hone.workspace.open import Workspace


class _Kind(NamedTuple):
    """Things that have a row in the store and a folder, both under one name."""

    what: str
    rows: set[str]
    folders: set[str]
    for_lost_folders: str
    for_lost_rows: str


def look_at_folders(ws: Workspace) -> Iterator[Finding]:
    """Each kind of folder against its rows."""
    found: list[Finding] = []
    for kind in (_jobs(ws), _datasets(ws), _models(ws)):
        if lost := sorted(kind.rows - kind.folders):
            what = f"the folders of {kind.what} are gone: {listed(lost)}"
            found.append(problem("workspace", what, kind.for_lost_folders))
        if strange := sorted(kind.folders - kind.rows):
            what = f"folders of {kind.what} that the store does not know: {listed(strange)}"
            found.append(warning("workspace", what, kind.for_lost_rows))
    half = sorted(path.name for path in _visible(ws.jobs) if not (path / "job.json").exists())
    if half:
        found.append(
            warning(
                "workspace",
                f"folders of jobs that were never handed in whole: {listed(half)}",
                f"rm -r {ws.jobs / half[0]}",
            )
        )
    yield from found or [ok("workspace", "every job, dataset and model has its row and its folder")]


def _jobs(ws: Workspace) -> _Kind:
    return _Kind(
        "jobs",
        {job.id for job in ws.store.jobs.list()},
        {path.parent.name for path in ws.jobs.glob("*/job.json")},
        "Restore them from a backup; without them these jobs cannot go on.",
        "hone jobs list   (takes them in)",
    )


def _datasets(ws: Workspace) -> _Kind:
    return _Kind(
        "datasets",
        {one.ref for one in ws.store.datasets.list()},
        {path.name for path in _visible(ws.datasets)},
        "Restore them from a backup, or build the next version: hone datasets build NAME",
        "The next build of that version puts its own in place; or delete them.",
    )


def _models(ws: Workspace) -> _Kind:
    found = ws.store.models.list()
    rows = {one.model.ref for one in found}
    there = {one.model.ref for one in found if one.folder.is_dir()}
    # A version that was deleted keeps its files: a folder without a row means nothing here.
    return _Kind(
        "models",
        rows,
        there,
        "Restore them from a backup, or take them out: hone models delete NAME@VERSION",
        "",
    )


def _visible(folder: Path) -> Iterable[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
