"""A flag: an evaluated example that a person should look at, and what a person said of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hone.records.evaluation import Band

FlagReason = Literal["newly_broken", "contradictory", "invalid", "low"]
"""Why an example is flagged, the most telling first."""
FLAG_REASONS: tuple[FlagReason, ...] = ("newly_broken", "contradictory", "invalid", "low")

FlagVerdict = Literal["edit", "confirm", "reference_wrong", "reject", "dismiss", "skip", "reopen"]
FLAG_VERDICTS: dict[FlagVerdict, str] = {
    "edit": "neither is right, or the expected answer can be better: this one is",
    "confirm": "the expected answer is right, the model's is wrong",
    "reference_wrong": "the expected answer is wrong, the model's is right",
    "reject": "no answer can be learned from this example",
    "dismiss": "both are right: there is nothing to correct",
    "skip": "later: it goes to the end of the queue",
    "reopen": "take back what was said last",
}
CORRECTIONS: tuple[FlagVerdict, ...] = ("edit", "confirm", "reference_wrong")
"""What gives an example that the next version of a dataset trains on."""

FlagState = Literal["open", "skipped", "resolved"]


class Resolution(BaseModel):
    """What a person said of a flag; one row of an append-only journal."""

    seq: int
    op_id: str
    at: datetime
    reviewer: str
    example_id: str
    evaluation: str = Field(description="the evaluation whose answer was looked at")
    model: str = Field(description="who gave that answer")
    verdict: FlagVerdict
    answer: str = Field(description="the model's answer, as it was shown")
    reference: str = Field(description="the expected answer, as it was shown")
    score: float = Field(description="of that answer")
    note: str = ""
    operation: str | None = Field(
        default=None, description="op_id of the review that it made in the journal"
    )
    version: int | None = Field(default=None, description="of the example after that review")


class Flag(BaseModel):
    """An evaluated example with what was expected, what came, and why it should be looked at."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(description="the example; rows of a file get the id that importing gives them")
    task: str
    model: str = Field(description="who answered")
    evaluation: str
    on: str = Field(description="dataset@version/split, or file and row")
    score: float
    band: Band
    reasons: list[FlagReason]
    says: list[str] = Field(description="each reason as a sentence")
    input: dict[str, Any]
    context: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    expected: str
    got: str
    before: float | None = Field(
        default=None, description="the score of the earlier version, where it answered the same"
    )
    state: FlagState = "open"
    resolution: Resolution | None = Field(
        default=None, description="what was said last, where that still counts"
    )
    is_tested: bool = Field(
        default=False,
        description="it stands in a val or test split: only promoting it lets it be corrected",
    )


class Neighbour(BaseModel):
    """An example of the training set that is like a flagged one."""

    id: str
    similarity: float = Field(description="share of pieces of five characters, 0 to 1")
    asked: str
    answer: str
    note: str = ""


class Promotion(BaseModel):
    """One example that left every val and test split for ever."""

    seq: int
    at: datetime
    reviewer: str
    example_id: str
    because_of: str = Field(description="the example that was promoted: itself, or its sibling")
    note: str = ""
