"""Supervised fine-tuning: the prompt as messages, the accepted answer as the completion.

Needs: an accepted or edited example whose output fits its task.
Gives: {"id", "prompt": [messages], "completion": [one assistant message], "weight"}.
Source: the conversational prompt-completion layout of TRL (documentation, "Dataset formats").
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hone import shelf
from hone.records.example import Example
from hone.records.task import Task
from hone.rendering.messages import messages_of


class Options(BaseModel):
    """What a row carries beside the messages."""

    model_config = ConfigDict(extra="forbid")

    edited_weight: float = Field(
        1.0, gt=0, description="weight of an answer that a person rewrote, against 1 for accepted"
    )


LIMITS: tuple[str, ...] = (
    "Weights are written for trainers that use them; TRL's own SFT trainer ignores them.",
)


def run(task: Task, example: Example, options: Options) -> dict[str, Any]:
    """One row; the caller has checked that the output fits the task."""
    answer = shelf.load("tasks", task.kind).answer_text(task, example.output)
    *prompt, completion = messages_of(task, example.input, context=example.context, answer=answer)
    return {
        "id": example.id,
        "prompt": prompt,
        "completion": [completion],
        "weight": options.edited_weight if example.status == "edited" else 1.0,
    }
