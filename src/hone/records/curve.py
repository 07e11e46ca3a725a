"""A learning curve: the score by how many examples were learned from, and what comes next."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hone.records.model import Measured

Outlook = Literal["more helps", "little to gain", "not enough to tell"]


class CurveRun(BaseModel):
    """One training on a part of the examples."""

    examples: int
    rows: int = Field(description="rows of these examples; some formats make several of one")
    steps: int = Field(description="of the optimizer")
    seed: int = Field(description="of the draw of examples and of the training")
    job: str
    score: Measured | None = Field(
        default=None, description="the task's score on the held-out examples; none where it failed"
    )
    seconds: float = Field(default=0.0, description="of the training")
    problem: str = Field(default="", description="why it has no score")


class Prediction(BaseModel):
    """What is expected of more examples."""

    examples: int
    score: Measured = Field(description="of one training on so many examples")
    gain: Measured = Field(description="of the mean score, over that with all examples of today")


class Needed(BaseModel):
    """How many examples a score takes; an end that is None lies beyond what can be said."""

    score: float
    examples: int | None
    low: int | None
    high: int | None
    says: str


class LearningCurve(BaseModel):
    """`reports/curve_<dataset>_<timestamp>.json`."""

    model_config = ConfigDict(extra="forbid")

    hone: int = 1
    id: str
    dataset: str
    task: str
    score: str = Field(description="the name of the task's score")
    on: str = Field(description="the held-out examples that all answered")
    asked: int = Field(description="how many held-out examples")
    at: datetime
    method: str
    base: str
    examples: int = Field(description="that train today")
    seed: int = 0
    runs: list[CurveRun]
    prediction: Prediction | None = Field(
        default=None, description="at twice the examples; None where too few runs have a score"
    )
    needed: Needed | None = Field(default=None, description="for the score that was asked for")
    outlook: Outlook
    says: str = Field(description="the outlook in a sentence or two")
    notes: list[str] = Field(default_factory=list[str], description="what to know of the figures")
