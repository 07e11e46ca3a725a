"""A dataset: a frozen, numbered version of chosen examples in splits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

Split = Literal["train", "val", "test", "probe"]
SPLITS: tuple[Split, ...] = ("train", "val", "test", "probe")


class SplitRatios(BaseModel):
    """How examples are shared out; the four shares add up to 1."""

    model_config = ConfigDict(extra="forbid")

    train: float = Field(0.8, ge=0, le=1)
    val: float = Field(0.1, ge=0, le=1)
    test: float = Field(0.1, ge=0, le=1)
    probe: float = Field(0.0, ge=0, le=1)

    @model_validator(mode="after")
    def _sums_to_one(self) -> SplitRatios:
        total = self.train + self.val + self.test + self.probe
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the ratios add up to {total:g}, not to 1")
        return self


class ExampleQuery(BaseModel):
    """Which examples belong in a dataset; the same query, store and seed give the same bytes."""

    model_config = ConfigDict(extra="forbid")

    status: list[str] = Field(default_factory=lambda: ["accepted", "edited"])
    tags: list[str] = Field(default_factory=list, description="all of them must be there")
    files: list[str] = Field(default_factory=list, description="origin files; empty: any")
    limit: int | None = Field(None, ge=1)


class SplitFile(BaseModel):
    """One split on disk."""

    rows: int
    sha256: str


class Manifest(BaseModel):
    """`datasets/NAME@VERSION/manifest.json`; written last: it exists means it is complete."""

    model_config = ConfigDict(extra="allow")

    hone: int = 1
    name: str
    version: int
    task: str
    format: str
    template: str = Field(description="fingerprint of the task's message template")
    seed: int
    query: dict[str, Any]
    options: dict[str, Any] = Field(default_factory=dict)
    splits: dict[str, SplitFile]
    kept_out: dict[str, int] = Field(default_factory=dict)
    notes: list[str] = Field(default_factory=list, description="what the builder had to say")
    sha256: str = Field(description="hash over members and split files")

    @property
    def ref(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def is_loaded(self) -> bool:
        """Whether its rows came from a prepared file: they are no examples of this workspace."""
        return bool(self.options.get("loaded"))

    @property
    def is_control(self) -> bool:
        """Whether it is another version without its corrections, to measure what they do."""
        return bool(self.options.get("control_of"))


class Member(BaseModel):
    """One line of `members.jsonl`."""

    id: str
    version: int
    split: str
    weight: float = 1.0
    replay: str | None = Field(
        default=None,
        description="the older version that it is from",
        exclude_if=lambda version: version is None,
    )


def prompt_in(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """What a frozen row asks, whatever its format; scores have a bare text."""
    if "prompt" in row:
        return row["prompt"]
    return [{"role": "user", "content": str(row["text"])}]


def answer_in(row: Mapping[str, Any]) -> str | None:
    """The text that a frozen row holds to be right; None for scores and for what was refused."""
    if "chosen" in row:
        return str(row["chosen"][-1]["content"])
    if "completion" not in row or row.get("label") is False:
        return None
    return str(row["completion"][-1]["content"])


def miscounted(scores: int, dimensions: int) -> str:
    """The sentence for a row with so many scores for a task with so many dimensions."""
    given = f"{scores} score" if scores == 1 else f"{scores} scores"
    wanted = "1 dimension" if dimensions == 1 else f"{dimensions} dimensions"
    return f"it has {given} for {wanted}"


def scores_in(row: Mapping[str, Any], dimensions: int) -> tuple[list[float], str]:
    """The scores of a frozen row, and why nothing can be learned of them; empty where it can."""
    given: Any = row.get("labels")
    if given is None:
        return [], "it has no scores"
    listed = cast("list[Any]", given if isinstance(given, list) else [given])
    if any(one is None or (isinstance(one, str) and not one.strip()) for one in listed):
        return [], "a score is missing"
    try:
        scores = [float(one) for one in listed]
    except (TypeError, ValueError, OverflowError):
        return [], "a score is no number"
    if len(scores) != dimensions:
        return scores, miscounted(len(scores), dimensions)
    return scores, "" if all(map(math.isfinite, scores)) else "a score is no finite number"
