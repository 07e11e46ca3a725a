"""The stages of a job as events: begun, and done only when they were."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hone.workspace.job_folder import JobFolder


@contextmanager
def stage(folder: JobFolder, name: str) -> Iterator[None]:
    """Write `stage` events around a piece of work; a piece that fails is never called done."""
    folder.append("stage", name=name, state="started")
    yield
    folder.append("stage", name=name, state="done")
