"""Jobs of the kind `train`: the method does it, the worker writes down what came of it."""

from __future__ import annotations

from hone import settings, shelf
from hone.records.job import Result
from hone.worker.artefacts import artefacts_of
from hone.worker.imports import uncollected
from hone.worker.times import active_seconds
from hone.workspace.job_folder import JobFolder


def carry_out(folder: JobFolder) -> Result | None:
    """Train; None where the job was stopped at a checkpoint."""
    with uncollected():
        import hone.engine.watch  # noqa: F401
    figures = shelf.load("methods", str(folder.job.spec["method"])).run(folder)
    if figures is None:
        return None
    events = folder.events()
    return Result(
        artefacts=artefacts_of(folder),
        metrics=figures,
        runtime_seconds=active_seconds(events),
        # What went wrong on the way and did not end the run.
        watchdogs=[event.model_extra or {} for event in events if event.type == "watchdog"],
    )


def carry_out_together(folder: JobFolder) -> Result | None:
    """The same as one of several processes; only the first has a result."""
    with uncollected():
        import hone.engine.watch  # noqa: F401
    from hone.engine import team

    seat = settings.seat()
    assert seat is not None  # several processes only come from a launcher
    team.join(str(folder.job.spec.get("device", "cpu")), seat)
    try:
        return carry_out(folder)
    finally:
        team.leave()
