"""Jobs of the kind `train`: the method does it, the worker writes down what came of it."""

from __future__ import annotations

from hone import shelf
from hone.records.job import Artefact, Result
from hone.worker.imports import uncollected
from hone.worker.times import active_seconds
from hone.workspace.files import sha256_of
from hone.workspace.job_folder import JobFolder


def carry_out(folder: JobFolder) -> Result | None:
    """Train; None where the job was stopped at a checkpoint."""
    with uncollected():
        import hone.engine.watch  # noqa: F401
    figures = shelf.load("methods", str(folder.job.spec["method"])).run(folder)
    if figures is None:
        return None
    artefacts = [
        Artefact(
            path=path.relative_to(folder.path).as_posix(),
            sha256=sha256_of(path),
            bytes=path.stat().st_size,
        )
        for path in sorted(folder.final.rglob("*"))
        if path.is_file()
    ]
    events = folder.events()
    return Result(
        artefacts=artefacts,
        metrics=figures,
        runtime_seconds=active_seconds(events),
        # What went wrong on the way and did not end the run.
        watchdogs=[event.model_extra or {} for event in events if event.type == "watchdog"],
    )
