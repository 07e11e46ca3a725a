"""How an evaluation is done; everything here has a default."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hone.records.evaluation import Contender
from hone.workspace.problems import checked

RowName = Literal["base", "few-shot", "retrieval", "rules", "mean", "tuned"]
ROWS: tuple[RowName, ...] = ("base", "few-shot", "retrieval", "rules", "mean", "tuned")


class EvaluateOptions(BaseModel):
    """What is compared, and on what."""

    model_config = ConfigDict(extra="forbid")

    on: str | None = Field(
        default=None,
        description="NAME@VERSION/SPLIT, or a JSONL or CSV file with answers; by default the test "
        "split of the dataset that the model was trained on",
    )
    rows: list[RowName] = Field(
        default_factory=lambda: list(ROWS), description="which of the usual rows"
    )
    further: list[str | Contender] = Field(
        default_factory=list[str | Contender],
        description="more models or bases to compare with, by name or as a contender of its own",
    )
    only: list[str] | None = Field(
        default=None, description="of a split these examples alone, by their ids"
    )
    sample: int | None = Field(
        default=None, ge=1, description="a quick evaluation: so many examples, drawn by the seed"
    )
    shots: int = Field(
        default=4, ge=1, le=64, description="worked examples of the few-shot row, from train only"
    )
    seed: int = Field(default=0, ge=0, description="of sample, worked examples and intervals")
    task: str | None = Field(default=None, description="by default the model's")
    max_new_tokens: int | None = Field(
        default=None, ge=1, description="by default a quarter more than the longest trained answer"
    )
    batch_size: int = Field(default=16, ge=1, description="questions that are answered at once")
    forgetting: bool = Field(
        default=False,
        description="beside the version that it goes on from, on that one's own test split",
    )
    includes_trained: bool = Field(
        default=False, description="keep examples that a contender was trained on"
    )


def evaluate_options(**choices: Any) -> EvaluateOptions:
    """The options that these choices give; InvalidInput lists every mistake."""
    return checked(EvaluateOptions, choices, hint="hone evaluate --help")
