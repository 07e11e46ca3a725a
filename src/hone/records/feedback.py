"""Feedback: what corrections made of a dataset, and what a retrained model made of them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hone.records.flag import FlagVerdict
from hone.records.model import Measured

CorrectionState = Literal["fixed", "stuck", "right_before", "broken"]
"""What became of a corrected row: wrong then right, wrong twice, right twice, right then wrong."""

ColumnName = Literal["corrected", "look_alikes", "others"]


class LeftOut(BaseModel):
    """A correction that is not in the training set, and why."""

    id: str
    why: str


class Applied(BaseModel):
    """What applying feedback changed."""

    dataset: str = Field(description="the version that it made, or that held all of it already")
    of: str = Field(description="the version that it goes on from")
    is_new: bool
    format: str
    corrections: dict[FlagVerdict, int] = Field(
        description="those that train now, by what was said of the flag"
    )
    rejected: int = Field(default=0, description="flagged examples that were rejected")
    left_out: list[LeftOut] = Field(default_factory=list[LeftOut])
    added: int = Field(default=0, description="examples that the older version does not hold")
    removed: int = Field(default=0, description="examples that only the older version holds")
    moved: dict[str, int] = Field(
        default_factory=dict[str, int], description='"probe to train" -> how many examples'
    )
    rewritten: int = Field(default=0, description="examples that were decided anew since")
    rows: dict[str, int] = Field(
        default_factory=dict[str, int], description="rows of each split of the new version"
    )
    kept_out: dict[str, int] = Field(default_factory=dict[str, int])
    control: str | None = Field(
        default=None, description="the same version without the corrections, to train a control on"
    )
    notes: list[str] = Field(default_factory=list[str])
    next: list[str] = Field(default_factory=list[str], description="commands to go on with")


class EfficacyColumn(BaseModel):
    """The same three models on one kind of examples; differences are paired by example."""

    name: ColumnName
    means: str = Field(description="what a good figure here shows")
    examples: int
    before: Measured | None = None
    control: Measured | None = None
    after: Measured | None = None
    gained: Measured | None = Field(default=None, description="after minus before")
    due: Measured | None = Field(
        default=None, description="after minus control: what the corrections themselves did"
    )
    right: dict[str, int] = Field(
        default_factory=dict[str, int],
        description="before, control, after -> how many examples reach the threshold",
    )


class CorrectionLine(BaseModel):
    """One correction from its row to the model: where it came from and what became of it."""

    id: str
    origin: str = Field(description="file and row")
    verdict: FlagVerdict
    reviewer: str
    at: datetime
    note: str = ""
    evaluation: str = Field(description="where it was flagged")
    dataset: str = Field(description="the version and split in which it trains")
    model: str
    before: float
    control: float | None = None
    after: float
    state: CorrectionState
    look_alikes: list[str] = Field(default_factory=list[str])


class BrokenLine(BaseModel):
    """An untouched example that was right before and is wrong now."""

    id: str
    on: str
    before: float
    control: float | None = None
    after: float
    is_look_alike: bool = False


class Efficacy(BaseModel):
    """`reports/efficacy_<model>_<time>.json`: what the corrections did."""

    model_config = ConfigDict(extra="forbid")

    hone: int = 1
    model: str
    before: str
    control: str | None
    dataset: str
    control_dataset: str | None = None
    task: str
    score: str
    at: datetime
    threshold: float = Field(description="an example that scores at least this counts as right")
    seed: int = 0
    columns: list[EfficacyColumn]
    states: dict[CorrectionState, int]
    corrections: list[CorrectionLine]
    newly_broken: list[BrokenLine]
    leaked: int = Field(
        description="held-out examples that were left out because the training set knows them, a "
        "near-duplicate or a sibling of them"
    )
    evaluations: list[str]
    says: list[str] = Field(description="what can be said, and what cannot")
    notes: list[str] = Field(default_factory=list[str])
