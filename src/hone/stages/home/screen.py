"""The first screen: how far the review is, what was made so far, and what to do next."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from hone.records.job import JobKind, JobState
from hone.records.model import Measured
from hone.stages import jobs
from hone.stages.home.next_steps import Found, next_steps, rows_of
from hone.workspace.open import Workspace

SHOWN_JOBS = 5
SHOWN_STEPS = 3


class Progress(BaseModel):
    """How far the review is."""

    model_config = ConfigDict(extra="forbid")

    sentence: str
    total: int
    pending: int
    by_status: dict[str, int]


class DatasetLine(BaseModel):
    """The newest version of a dataset."""

    model_config = ConfigDict(extra="forbid")

    ref: str
    task: str
    rows: int = Field(description="in all splits together")


class ModelLine(BaseModel):
    """A registered model version."""

    model_config = ConfigDict(extra="forbid")

    ref: str
    is_active: bool
    score: Measured | None = Field(description="the task's 0-to-1 score, where it was measured")


class JobLine(BaseModel):
    """A job of late."""

    model_config = ConfigDict(extra="forbid")

    id: str
    kind: JobKind
    state: JobState
    title: str


class NextStep(BaseModel):
    """Something worth doing now: why, by which command, and where in the web app."""

    model_config = ConfigDict(extra="forbid")

    title: str
    text: str
    command: str
    link: str | None = Field(description="such as #/review; None where only the command does it")


class Home(BaseModel):
    """The first screen."""

    model_config = ConfigDict(extra="forbid")

    statistics: Progress
    examples: int
    datasets: list[DatasetLine]
    models: list[ModelLine]
    jobs: list[JobLine]
    next: list[NextStep] = Field(description="the most useful first; at most three")


def home(ws: Workspace) -> Home:
    """What the first screen shows."""
    counters = ws.store.examples.counters()
    total = sum(counters.values())
    manifests = ws.store.datasets.list()
    newest = {one.name: one for one in manifests}
    registered = ws.store.models.list()
    recent = jobs.list_jobs(ws, newest=SHOWN_JOBS)
    score_names = {name: task.score_name for name, task in ws.tasks().items()}
    found = Found(ws, list(newest.values()), registered, recent)
    return Home(
        statistics=Progress(
            sentence=f"Reviewed {total - counters['pending']:,} of {total:,} "
            f"({counters['pending']:,} pending)",
            total=total,
            pending=counters["pending"],
            by_status=counters,
        ),
        examples=total,
        datasets=[
            DatasetLine(ref=one.ref, task=one.task, rows=rows_of(one)) for one in newest.values()
        ],
        models=[
            ModelLine(
                ref=one.model.ref,
                is_active=one.is_active,
                score=one.model.metrics.get(
                    one.model.score_name(score_names.get(one.model.task or "", ""))
                ),
            )
            for one in registered
        ],
        jobs=[
            JobLine(id=one.id, kind=one.kind, state=one.state, title=_title(ws, one.id))
            for one in recent
        ],
        next=[NextStep(**step._asdict()) for step in next_steps(found)][:SHOWN_STEPS],
    )


def _title(ws: Workspace, job_id: str) -> str:
    job = ws.store.jobs.get(job_id)
    spec = job.spec
    if job.kind == "train":
        return f"train {spec.get('model_name', '')} on {spec.get('dataset', {}).get('name', '')}"
    if job.kind == "evaluate":
        return f"evaluate {spec.get('main', '')} on {spec.get('on', '')}"
    return job.kind
