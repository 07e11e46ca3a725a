"""What a prediction is asked with, and what comes of it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from hone.workspace.problems import checked

Method = Literal["model", "rules", "both"]


class PredictOptions(BaseModel):
    """Who answers, and how."""

    model_config = ConfigDict(extra="forbid")

    model: str | None = Field(
        default=None, description="NAME or NAME@VERSION, or a base; by default the active model"
    )
    version: str | None = Field(default=None, description="a version instead of the active one")
    method: Method = Field(default="model", description="model, rules (also: regex), or both")
    task: str | None = Field(default=None, description="by default the model's")
    max_new_tokens: int | None = Field(
        default=None, ge=1, description="by default a quarter more than the longest trained answer"
    )
    batch_size: int = Field(default=16, ge=1, description="messages that are answered at once")
    deadline_seconds: float = Field(
        default=600.0, gt=0, description="messages at the terminal: wait no longer than this"
    )

    @field_validator("method", mode="before")
    @classmethod
    def _regex_means_rules(cls, value: Any) -> Any:
        return "rules" if value == "regex" else value


def predict_options(**choices: Any) -> PredictOptions:
    """The options that these choices give; InvalidInput lists every mistake."""
    return checked(PredictOptions, choices, hint="hone predict --help")


class AnswerBy(BaseModel):
    """One answer to one message."""

    by: str = Field(description="the model version, or rules")
    text: str
    output: Any = Field(
        default=None, description="what the text means; null where it is unreadable"
    )
    problems: list[str] = Field(default_factory=list[str], description="what is wrong with it")
    confidence: float | None = Field(
        default=None, description="geometric mean probability of the answer's tokens; null: unknown"
    )
    seconds: float = 0.0


class Predicted(BaseModel):
    """A message with its answers; without any where it could not be asked."""

    row: int = Field(default=1, description="1-based record of the file")
    input: dict[str, Any]
    answers: list[AnswerBy] = Field(default_factory=list[AnswerBy])
    agree: bool | None = Field(default=None, description="both: whether the outputs are equal")
    problem: str = ""


class PredictReport(BaseModel):
    """What became of a file."""

    output: str
    read: int
    answered: int
    refused: int = Field(description="rows that could not be asked; their lines say why")
    with_problems: int = Field(description="rows with an answer that does not fit the task")
    agreed: int | None = Field(default=None, description="both: rows with equal outputs")
    seconds_per_message: dict[str, float]
    model: str | None = None
    job: str | None = None
