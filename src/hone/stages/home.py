"""Where the loop stands and what to do next, from what is in the workspace."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from hone.errors import HoneError
from hone.records.job import JobKind, JobState
from hone.records.model import Measured
from hone.workspace.open import Workspace


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
    raise HoneError("Not built yet.")
