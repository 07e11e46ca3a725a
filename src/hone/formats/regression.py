"""Scores as numbers: a text and one label per dimension, for a regression head.

Needs: an accepted or edited example of a score task, with a finite number for every dimension.
Gives: {"id", "title", "content", "text", "labels": [floats], "dimension_names", "weight"};
    labels stand in the order of the task's dimensions, `text` is what a model reads.
Source: the layout that AutoModelForSequenceClassification with problem_type "regression" takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hone.errors import InvalidInput
from hone.formats._made import Made, asked, problems_of, refusal
from hone.records.example import TRUSTED, Status
from hone.records.review import Reviewed
from hone.records.task import Task
from hone.rendering.messages import Message


class Options(BaseModel):
    """What a row carries beside text and labels."""

    model_config = ConfigDict(extra="forbid")

    edited_weight: float = Field(
        1.0, gt=0, description="weight of labels that a person corrected, against 1 for accepted"
    )


LIMITS: tuple[str, ...] = (
    "An example with one bad label is left out whole; the reasons name every label.",
    "The system prompt is no part of the text: a regression head is asked nothing.",
    "Tokens are not counted here: --max-tokens is refused, and training cuts long texts itself.",
)
STATUSES: tuple[Status, ...] = TRUSTED
NEEDS = "accepted or edited labels: one finite number within the scale for every dimension"
KEEPS_TWINS = False


def facts(task: Task, options: Options) -> dict[str, Any]:
    """The dimensions in the order of the labels, and the scale; InvalidInput without dimensions."""
    if not task.dimensions:
        raise InvalidInput(
            f"The task {task.name} names no dimensions, so there is nothing to label.",
            hint=f"dimensions: [first, second] in tasks/{task.name}.yaml",
        )
    return {"dimensions": task.dimensions, "scale": list(task.scale)}


def run(task: Task, reviewed: Reviewed, options: Options) -> Made:
    """One row, or everything that is wrong with the labels."""
    example = reviewed.example
    if problems := problems_of(task, example.output):
        return refusal("invalid", problems)
    labels = example.output["labels"]
    row = {
        "id": example.id,
        "title": str(example.input.get("title") or ""),
        "content": str(example.input["content"]),
        "text": asked(task, example)[-1]["content"],
        "labels": [float(labels[name]) for name in task.dimensions],
        "dimension_names": task.dimensions,
        "weight": options.edited_weight if example.status == "edited" else 1.0,
    }
    return Made([row])


def conversations(row: Mapping[str, Any]) -> list[list[Message]]:
    """Nothing: a regression head reads the bare text, not a conversation."""
    return []
