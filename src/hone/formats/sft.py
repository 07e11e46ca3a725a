"""Supervised fine-tuning: the prompt as messages, the accepted answer as the completion.

Needs: an accepted or edited example whose output fits its task.
Gives: {"id", "prompt": [messages], "completion": [one assistant message], "weight"}.
Source: the conversational prompt-completion layout of TRL (documentation, "Dataset formats").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hone.formats._made import Made, answer_text, problems_of, refusal
from hone.records.example import TRUSTED, Status
from hone.records.review import Reviewed
from hone.records.task import Task
from hone.rendering.messages import Message, messages_of


class Options(BaseModel):
    """What a row carries beside the messages."""

    model_config = ConfigDict(extra="forbid")

    edited_weight: float = Field(
        1.0, gt=0, description="weight of an answer that a person rewrote, against 1 for accepted"
    )


LIMITS: tuple[str, ...] = (
    "Weights are written for trainers that use them; TRL's own SFT trainer ignores them.",
)
STATUSES: tuple[Status, ...] = TRUSTED
NEEDS = "an accepted or edited answer that fits the task"
KEEPS_TWINS = False


def facts(task: Task, options: Options) -> dict[str, Any]:
    """What the manifest keeps beside the options; InvalidInput where a task cannot be written."""
    return {}


def run(task: Task, reviewed: Reviewed, options: Options) -> Made:
    """One row, or the reason why there is none."""
    example = reviewed.example
    if problems := problems_of(task, example.output):
        return refusal("invalid", problems)
    answer = answer_text(task, example.output)
    *prompt, completion = messages_of(task, example.input, context=example.context, answer=answer)
    weight = options.edited_weight if example.status == "edited" else 1.0
    row = {"id": example.id, "prompt": prompt, "completion": [completion], "weight": weight}
    return Made([row])


def conversations(row: Mapping[str, Any]) -> list[list[Message]]:
    """What a model reads of a row, to count its tokens."""
    return [[*row["prompt"], *row["completion"]]]
