"""An evaluation: scores of one or more contenders on the same examples."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hone.records.model import Measured

Band = Literal["red", "orange", "yellow", "green"]


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
    template: str = ""
    job: str | None = None
    seed: int = 0
    sample: int | None = Field(default=None, description="a quick one: so many examples were drawn")
    trained_on: int = Field(default=0, description="examples that a contender was trained on")
    notes: list[str] = Field(default_factory=list[str], description="what to know of the figures")


def band_of(score: float) -> Band:
    """The colour of a 0-to-1 score: red below .4, orange below .6, yellow to .8, green above."""
    if score < 0.4:
        return "red"
    if score < 0.6:
        return "orange"
    return "yellow" if score <= 0.8 else "green"
