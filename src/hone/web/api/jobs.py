"""`/api/jobs`: what trains, answers or was done; its figures and log; stop and go on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from hone import loop
from hone.errors import Conflict
from hone.records.job import FINISHED
from hone.stages import jobs
from hone.stages import train as training
from hone.stages.jobs import monitor
from hone.web.site import Here, Trainer, Viewer

MOST_JOBS, MOST_LINES = 200, 2000

router = APIRouter(prefix="/api/jobs", tags=["jobs"])


class LogAnswer(BaseModel):
    """The end of what a worker printed."""

    lines: list[str] = Field(description="the newest last")


class ResumeRequest(BaseModel):
    """What was agreed to."""

    model_config = ConfigDict(extra="forbid")

    price_usd: float = Field(
        default=0.0, ge=0, le=1e6, description="the most that a rented machine may cost by now"
    )


@router.get("")
def list_jobs(
    site: Here, visitor: Viewer, newest: Annotated[int, Query(ge=1, le=MOST_JOBS)] = 50
) -> list[monitor.JobLine]:
    """Jobs, the newest first."""
    return monitor.lines(site.ws, newest=newest)


@router.get("/{id}")
def show_job(id: str, site: Here, visitor: Viewer) -> monitor.JobView:
    """One job with its stages and figures; nothing is asked of another machine.

    What a training left is taken in first, as every command does.
    """
    found = monitor.view(site.ws, id)
    is_new = found.kind == "train" and found.state == "succeeded" and found.model is None
    if is_new and not site.ws.store.is_read_only:
        taken = training.collect_trained(site.ws)
        found = monitor.view(site.ws, found.id)
        problems = [text for text in taken.problems if text.startswith(f"{found.id}:")]
        if found.model is None and problems:
            found.trouble = f"Not registered: {problems[0].partition(': ')[2]}"
    return found


@router.get("/{id}/log")
def show_log(
    id: str, site: Here, visitor: Viewer, tail: Annotated[int, Query(ge=1, le=MOST_LINES)] = 200
) -> LogAnswer:
    """The end of the worker's log, as far as it is here."""
    return LogAnswer(lines=jobs.folder_of(site.ws, id).log_tail(tail))


@router.post("/{id}/stop")
def stop(id: str, site: Here, visitor: Trainer) -> monitor.JobView:
    """Ask a job to stop at its next step, with a checkpoint; 409 where it is over."""
    status = jobs.show(site.ws, id)
    if status.state in (*FINISHED, "lost"):
        raise Conflict(f"{status.id} is over: {status.state}.", hint="hone jobs list")
    jobs.ask_to_stop(site.ws, status.id)
    site.hub.nudge()
    return monitor.view(site.ws, status.id)


@router.post("/{id}/resume")
def resume(id: str, asked: ResumeRequest, site: Here, visitor: Trainer) -> monitor.JobView:
    """Go on with a job that was stopped, failed or was lost; 409 where it runs or succeeded.

    403 where a machine would be rented for more than was agreed to.
    """
    site.refresh()
    job = loop.resume_job(site.ws, id, price_usd=asked.price_usd)
    site.hub.nudge()
    return monitor.view(site.ws, job)
