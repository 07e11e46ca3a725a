"""Evaluations under way, as a screen shows them: how far they are, and what came of them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from hone.errors import Conflict, HoneError, InvalidInput, NotFound
from hone.records.job import FINISHED, JobState
from hone.stages import jobs
from hone.stages.evaluate.options import evaluate_options
from hone.stages.evaluate.report import collect_evaluated
from hone.stages.evaluate.start import evaluate
from hone.workspace.bases import find_base
from hone.workspace.open import Workspace

QUICK = 50
"""So many examples a quick evaluation asks, drawn by its seed."""
LOOKED_AT = 20
QuickSplit = Literal["test", "probe"]


class Answering(BaseModel):
    """One evaluation's job; `id` is that of the evaluation as well."""

    id: str
    model: str
    on: str
    state: JobState
    done: int = Field(default=0, description="answers so far, of everybody who is asked")
    total: int | None = None
    eta_seconds: float | None = None
    is_ready: bool = Field(default=False, description="its figures can be looked at")
    error: str = ""
    hint: str = ""


def start_quick(
    ws: Workspace, model: str, *, sample: int = QUICK, split: QuickSplit = "test"
) -> Answering:
    """Ask a model and those beside it a sample of its split; Conflict while they are asked.

    What is wrong in the probe split is flagged for correction; the test split is not corrected.
    """
    on = f"{_dataset_of(ws, model)}/{split}" if split != "test" else None
    job = evaluate(ws, model, evaluate_options(sample=sample, on=on))
    return look_at_answering(ws, job.id)


def _dataset_of(ws: Workspace, model: str) -> str:
    dataset = ws.store.models.get(find_base(ws, model).model or model).model.dataset
    if dataset is None:
        raise InvalidInput(f"{model} was trained on no dataset.", hint=f"hone models info {model}")
    return dataset


def look_at_answering(ws: Workspace, job_id: str) -> Answering:
    """How far it is; where all have answered, their answers are scored and reported first."""
    job = ws.store.jobs.get(job_id)
    if job.kind != "evaluate":
        raise NotFound(f"{job.id} is no evaluation.", hint="hone jobs list")
    status = jobs.show(ws, job.id)
    found = Answering(
        id=job.id,
        model=str(job.spec.get("model", "?")),
        on=str(job.spec.get("on", "?")),
        state=status.state,
        done=status.done or 0,
        total=status.total,
        eta_seconds=status.eta_seconds,
        error=status.error,
        hint=status.hint,
    )
    if found.state == "succeeded":
        try:
            collect_evaluated(ws, job.id)
            found.is_ready = True
        except HoneError as error:
            found.error, found.hint = error.message, error.hint
    return found


def under_way(ws: Workspace) -> list[Answering]:
    """The evaluations that wait or run, the newest first."""
    newest = [one for one in jobs.list_jobs(ws, newest=LOOKED_AT) if one.kind == "evaluate"]
    return [look_at_answering(ws, one.id) for one in newest if one.state in ("waiting", "running")]


def stop_answering(ws: Workspace, job_id: str) -> Answering:
    """Ask it to stop; the answers so far are kept, and the same evaluation goes on from them."""
    found = look_at_answering(ws, job_id)
    if found.state in FINISHED:
        raise Conflict(f"{found.id} has already {found.state}.", hint="Start another one.")
    jobs.ask_to_stop(ws, found.id)
    return look_at_answering(ws, found.id)
