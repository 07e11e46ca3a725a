"""An evaluation: scores of one or more contenders on the same examples."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from hone.records.model import Measured

Band = Literal["red", "orange", "yellow", "green"]
Measures = Literal["answers", "preferences"]


class Contender(BaseModel):
    """Who answers: base, few-shot, rules, or a model version."""

    model_config = ConfigDict(extra="forbid")

    name: str
    generator: str = Field(description="a choice of the generators shelf")
    shots: int = Field(
        default=0, ge=0, description="worked examples that stand before each question"
    )
    options: dict[str, Any] = Field(default_factory=dict)


class Row(BaseModel):
    """One contender's totals."""

    contender: str
    examples: int
    score: Measured = Field(description="the task's 0-to-1 score, mean over examples")
    metrics: dict[str, Measured] = Field(default_factory=dict)
    bands: dict[Band, int] = Field(
        default_factory=dict[Band, int], description="how many examples of each colour"
    )
    troubles: dict[str, int] = Field(
        default_factory=dict[str, int],
        description="answers that were not given, cut off, or asked with a shortened prompt",
    )
    seconds: float = Field(default=0.0, description="spent answering, without loading")


class HumanCeiling(BaseModel):
    """How well reviewers agree with themselves, where they were shown an example again, blindly.

    Their second answer is judged against their first as a model's is against the truth.
    """

    score: Measured = Field(description="the task's 0-to-1 score of the second answer")
    exact: Measured = Field(description="share of second answers that are the first again")
    repeats: int
    reviewers: int
    says: str = Field(description="the same, in a sentence")


class Evaluation(BaseModel):
    """`reports/eval_<model>_<timestamp>.json`."""

    model_config = ConfigDict(extra="forbid")

    hone: int = 1
    id: str
    model: str
    task: str
    on: str = Field(description="dataset@version/split or file")
    at: datetime
    rows: list[Row]
    differences: dict[str, Measured] = Field(
        default_factory=dict, description='paired: "pickup@v1 - few-shot" of the task score'
    )
    measures: Measures = Field(
        default="answers",
        exclude_if=lambda measures: measures == "answers",
        description="preferences: reward models, whose score is the share of pairs in order",
    )
    template: str = ""
    job: str | None = None
    seed: int = 0
    sample: int | None = Field(default=None, description="a quick one: so many examples were drawn")
    trained_on: int = Field(default=0, description="examples that a contender was trained on")
    notes: list[str] = Field(default_factory=list[str], description="what to know of the figures")
    human: HumanCeiling | None = Field(
        default=None, description="where anybody decided an example twice"
    )


class Bands(NamedTuple):
    """Where a colour ends: red below the first, orange below the second, yellow up to the third."""

    orange_from: float = 0.4
    yellow_from: float = 0.6
    green_above: float = 0.8


def band_of(score: float, bands: Bands = Bands()) -> Band:  # noqa: B008  (it cannot be changed)
    """The colour of a 0-to-1 score: red [0, .4), orange [.4, .6), yellow [.6, .8], green (.8, 1].

    Other bounds by `bands`. Source: the bands that reviewers of curated answers work with (QA-14).
    """
    if score < bands.orange_from:
        return "red"
    if score < bands.yellow_from:
        return "orange"
    return "yellow" if score <= bands.green_above else "green"
