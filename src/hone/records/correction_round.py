"""A round of corrections as a screen shows it: what waits, what trains on it, what that did."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from hone.records.feedback import Efficacy
from hone.records.flag import FlagVerdict
from hone.records.job import JobState

RoundStep = Literal["correct", "apply", "retrain", "measure", "measured"]
"""What comes next: flags to correct, a version to build, to train on it, to ask all, nothing."""


class RoundWork(BaseModel):
    """A job of a round: a training, or an evaluation."""

    job: str
    model: str = Field(description="the model that it trains, or the version that answers")
    dataset: str = Field(description="version, and split where examples are answered")
    is_control: bool = False
    state: JobState
    done: int = 0
    total: int | None = None
    eta_seconds: float | None = None
    says: str = Field(default="", description="what it waits for")
    error: str = ""
    hint: str = ""


class CorrectionRound(BaseModel):
    """Where the newest round of corrections stands."""

    step: RoundStep
    waiting: dict[FlagVerdict, int] = Field(
        default_factory=dict[FlagVerdict, int],
        description="corrections that no dataset version holds yet, by what was said of the flag",
    )
    source: str | None = Field(default=None, description="the version that they would be added to")
    dataset: str | None = Field(default=None, description="the newest version with corrections")
    corrections: int = Field(default=0, description="that it was made for")
    control_dataset: str | None = None
    before: str | None = Field(default=None, description="whose answers were corrected")
    after: str | None = Field(default=None, description="the version that trained on them")
    control: str | None = Field(
        default=None, description="the version that trained on everything but them"
    )
    trainings: list[RoundWork] = Field(default_factory=list[RoundWork])
    answering: RoundWork | None = None
    report: Efficacy | None = None
    report_file: str | None = Field(default=None, description="below the workspace, as Markdown")
    by_command: str = Field(
        default="", description="why it cannot be trained from here, and the command that does"
    )


class RetrainPlan(BaseModel):
    """What a training of a round would take, as `hone train --plan` says it."""

    model: str
    dataset: str
    is_control: bool
    like: str = Field(description="the version whose recipe it is")
    method: str
    base: str
    on: str = Field(description="the target")
    rows: int
    steps: int
    seconds: tuple[float, float] = Field(description="least and most")
    memory_gib: tuple[float, float] = Field(description="least and most")
    verdict: str = Field(description="fits, tight, does not fit")
    price_usd: float = Field(default=0.0, description="at most; 0: it costs nothing")
    missing: list[str] = Field(default_factory=list[str], description="why it may not begin")
    notes: list[str] = Field(default_factory=list[str])


class Retraining(BaseModel):
    """All that retraining would begin, and what it may cost together."""

    trainings: list[RetrainPlan]
    control: str | None = Field(
        default=None, description="a version that is the control already: it saw the very rows"
    )
    price_usd: float = 0.0
