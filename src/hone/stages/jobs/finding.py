"""Finds jobs: by id or its beginning, and those whose folder has no row yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hone.errors import HoneError
from hone.workspace.job_folder import JobFolder

if TYPE_CHECKING:
    from hone.workspace.open import Workspace


def folder_of(ws: Workspace, job_id: str) -> JobFolder:
    """The folder of a job, by its id or the beginning of it."""
    adopt(ws)
    folder = JobFolder(ws.jobs / ws.store.jobs.get(job_id).id)
    _ = folder.job  # a missing or damaged order is said here, in two lines
    return folder


def adopt(ws: Workspace) -> None:
    """Give every complete folder its row; a kill between folder and row leaves one without."""
    known = {job.id for job in ws.store.jobs.list()}
    for path in sorted(ws.jobs.glob("*/job.json")):
        if path.parent.name in known:
            continue
        try:
            job = JobFolder(path.parent).job
        except HoneError:
            continue
        if job.id == path.parent.name:
            ws.store.jobs.add(job)


def running_training(ws: Workspace, device: str) -> str | None:
    """The id of the job that trains on this device now, if there is one."""
    holder = ws.jobs / f".{device}.holder"
    try:
        name = holder.read_text().strip()
    except FileNotFoundError:
        return None
    return name if name and JobFolder(ws.jobs / name).is_alive() else None
