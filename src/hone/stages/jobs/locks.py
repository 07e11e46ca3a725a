"""One process at a time: to start a job, and to register what jobs have left."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hone.records.job import Job
from hone.stages.jobs.where import is_elsewhere
from hone.workspace.file_lock import holding
from hone.workspace.files import explained

if TYPE_CHECKING:
    from hone.workspace.open import Workspace

START_LOCK_SECONDS = 120.0
SETTLE_LOCK_SECONDS = 300.0


@contextmanager
def starting(ws: Workspace, job: Job) -> Generator[None]:
    """One start at a time on this machine; one elsewhere takes long and holds up only itself."""
    name = f".{job.id}.start.lock" if is_elsewhere(job) else ".start.lock"
    with _waiting_for(ws, name, START_LOCK_SECONDS):
        yield


@contextmanager
def settling(ws: Workspace) -> Generator[None]:
    """Only one process at a time registers results."""
    with _waiting_for(ws, ".settle.lock", SETTLE_LOCK_SECONDS):
        yield


@contextmanager
def _waiting_for(ws: Workspace, name: str, seconds: float) -> Generator[None]:
    with explained("write in", ws.jobs):
        ws.jobs.mkdir(parents=True, exist_ok=True)
    with holding(
        ws.jobs / name,
        within=seconds,
        refused=f"Another process has held {ws.jobs / name} for {seconds:g} seconds.",
        hint="hone jobs list   (shows what is going on)",
    ):
        yield
