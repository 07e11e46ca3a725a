"""Single judgements: outputs that a person took, and outputs that they refused or rewrote.

Needs: accepted, edited or rejected examples with the output that was shown.
Gives: {"id", "prompt": [messages], "completion": [one assistant message], "label": true or false,
    "weight"}; an edited example gives the edit as true and what it replaced as false, a corrected
    flag what the model had answered as false.
Source: the unpaired preference layout of TRL (documentation, "Dataset formats"); the method is
    Ethayarajh et al. 2024, arXiv:2402.01306.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hone.formats._made import (
    Made,
    Refused,
    answer_text,
    answered_text,
    asked,
    problems_of,
    refusal,
    rejected_text,
    said,
)
from hone.records.example import Status
from hone.records.review import Reviewed
from hone.records.task import Task
from hone.rendering.messages import Message


class Options(BaseModel):
    """What the judgements weigh, against 1 for an accepted output."""

    model_config = ConfigDict(extra="forbid")

    edited_weight: float = Field(
        1.0, gt=0, description="weight of both rows of an edited example, against 1 for accepted"
    )
    rejected_weight: float = Field(
        1.0, gt=0, description="weight of a rejected output, against 1 for accepted"
    )


LIMITS: tuple[str, ...] = (
    "A suggestion that nobody looked at on its own is no judgement: only what was shown counts.",
    "Weights are written for trainers that use them; TRL's own KTO trainer ignores them.",
)
STATUSES: tuple[Status, ...] = ("accepted", "edited", "rejected")
NEEDS = "an output that was accepted, edited or rejected"
KEEPS_TWINS = True


def facts(task: Task, options: Options) -> dict[str, Any]:
    """What the manifest keeps beside the options; InvalidInput where a task cannot be written."""
    return {}


def run(task: Task, reviewed: Reviewed, options: Options) -> Made:
    """A row for every judged output of the example, and what gave none."""
    example = reviewed.example
    if example.status not in STATUSES:
        return refusal("no_verdict", f"The example is {example.status}: neither taken nor refused.")
    judged: dict[str, bool] = {}
    refused: list[Refused] = []
    taken = ""
    if example.status != "rejected":
        if problems := problems_of(task, example.output):
            return refusal("invalid", problems)
        taken = answer_text(task, example.output)
        judged[taken] = True
    elif reviewed.shown is None:
        return refusal("nothing_shown", "It was rejected before anything was suggested.")
    if reviewed.shown is not None:
        replaced = rejected_text(task, reviewed.shown, taken)
        if isinstance(replaced, Refused):
            refused.append(replaced)
        else:
            judged[replaced] = False
    for text in reviewed.answered:
        wrong = answered_text(task, text, taken)
        if isinstance(wrong, Refused):
            refused.append(wrong)
        else:
            judged.setdefault(wrong, False)
    prompt = asked(task, example)
    weights = {"edited": options.edited_weight, "rejected": options.rejected_weight}
    return Made(
        [
            {
                "id": example.id,
                "prompt": prompt,
                "completion": said(text),
                "label": is_good,
                "weight": weights.get(example.status, 1.0),
            }
            for text, is_good in judged.items()
        ],
        refused,
    )


def conversations(row: Mapping[str, Any]) -> list[list[Message]]:
    """What a model reads of a row, to count its tokens."""
    return [[*row["prompt"], *row["completion"]]]
