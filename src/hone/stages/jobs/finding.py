"""Finds jobs: by id or its beginning, and those whose folder has no row yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hone.errors import HoneError
from hone.records.job import MOST_AT_ONCE, device_of
from hone.workspace.job_folder import JobFolder, device_places

if TYPE_CHECKING:
    from hone.records.job import Job
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


def training_before(ws: Workspace, job: Job) -> str | None:
    """Another job that trains now, where no place is left beside it on the device of this one."""
    device, at_once = device_of(job)
    # Also the places of jobs that were told another number.
    holders = [place.holder for place in device_places(ws.jobs, device, MOST_AT_ONCE)]
    names = {one.read_text().strip() for one in holders if one.exists()} - {"", job.id}
    running = sorted(name for name in names if JobFolder(ws.jobs / name).is_alive())
    return running[0] if len(running) >= at_once else None
