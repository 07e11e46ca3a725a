"""A comparison: versions and the usual rows on the same examples; and what the gate says of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hone.records.model import Measured

Finding = Literal["better", "worse", "same", "unclear"]
Verdict = Literal["pass", "fail", "incomplete"]


class ComparedRow(BaseModel):
    """One contender on the shared examples."""

    contender: str
    figures: dict[str, Measured] = Field(description="by name, the task's own score first")
    evaluation: str = Field(description="where its answers come from")


class Pair(BaseModel):
    """Two contenders, example by example; differences are the first's minus the other's."""

    one: str
    other: str
    difference: Measured = Field(description="of the task's score")
    p_value: float = Field(description="exact, two-sided: so large a difference by chance alone")
    p_adjusted: float = Field(description="the same, for all pairs of its kind together (Holm)")
    finding: Finding
    says: str = Field(description="the finding in one sentence")
    needed: int | None = Field(
        default=None, description="examples that would show such a difference, where these do not"
    )
    ties: int
    won: list[str] = Field(description="examples on which the first scored higher, clearest first")
    lost: list[str] = Field(description="… lower, clearest first")
    further: dict[str, Measured] = Field(
        default_factory=dict, description="differences of the other figures"
    )


class Slice(BaseModel):
    """The same difference on a part of the examples."""

    one: str
    other: str
    by: Literal["tag", "length", "origin"]
    value: str
    examples: int
    difference: Measured
    p_adjusted: float = Field(description="for all slices of the pair together (Holm)")
    finding: Finding


class NoiseFloor(BaseModel):
    """What the score of one contender moves by when it answers again."""

    value: float | None = Field(description="95 % bound of the mean; None where it is not known")
    changed: int = Field(default=0, description="examples whose score changed")
    examples: int = 0
    says: str


class ShownExample(BaseModel):
    """An example with what each contender answered to it."""

    id: str
    asked: str
    answer: str
    texts: dict[str, str]
    scores: dict[str, float]


class Agreement(BaseModel):
    """How often a judge says what a person said of two answers: an edit, a correction, a choice."""

    contests: int
    agreed: int
    disagreed: int
    tied: int
    swayed: int = Field(description="the verdict followed the order of the answers")
    unread: int = Field(description="replies that name no verdict")
    share: Measured | None = Field(default=None, description="agreed of all; ties are no agreement")
    is_enough: bool = Field(description="more often than a coin, by the lower bound of the share")
    says: str


class JudgedPair(BaseModel):
    """What the judge says of two contenders, example by example."""

    one: str
    other: str
    won: int
    lost: int
    tied: int
    swayed: int
    unread: int
    share: Measured | None = Field(default=None, description="won of those that either won")
    p_value: float = Field(description="exact sign test, two-sided")
    says: str


class Judgement(BaseModel):
    """A language model's word on a comparison; without pairs where people say otherwise."""

    judge: str
    model: str
    agreement: Agreement
    examples: int = 0
    pairs: list[JudgedPair] = Field(default_factory=list[JudgedPair])


class Comparison(BaseModel):
    """`reports/compare_<models>_<timestamp>.json`."""

    model_config = ConfigDict(extra="forbid")

    hone: int = 1
    id: str
    task: str
    score: str = Field(description="the name of the task's score")
    on: str
    at: datetime
    models: list[str]
    examples: int
    confidence: float = 0.95
    seed: int = 0
    rows: list[ComparedRow]
    missing: dict[str, str] = Field(
        default_factory=dict[str, str], description="usual rows that are not there, and why"
    )
    pairs: list[Pair]
    slices: list[Slice] = Field(default_factory=list[Slice])
    noise: NoiseFloor
    notes: list[str] = Field(default_factory=list[str])
    shown: list[ShownExample] = Field(
        default_factory=list[ShownExample], description="the clearest wins and losses of each pair"
    )
    judgement: Judgement | None = None


class RuleResult(BaseModel):
    """One rule of the gate, judged."""

    rule: str = Field(description='such as "must win: score"')
    on: str
    verdict: Verdict
    says: str
    command: str = Field(default="", description="what would complete it")
    examples: int = 0
    difference: Measured | None = None


class GateResult(BaseModel):
    """What the gate says of a version that would replace the active one."""

    challenger: str
    champion: str | None
    verdict: Verdict
    says: str
    rules: list[RuleResult] = Field(default_factory=list[RuleResult])
