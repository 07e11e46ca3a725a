"""Preference pairs: what a person wrote or chose, beside what they replaced or passed over.

Needs: an edited example and what it said before, an accepted one with other suggestions, or one
    that was flagged and corrected, with what the model had answered.
Gives: {"id", "prompt": [messages], "chosen": [one assistant message], "rejected": [one assistant
    message], "weight"}; one row for every rejected text.
Source: the preference layout of TRL with an explicit prompt (documentation, "Dataset formats");
    the method is Rafailov et al. 2023, arXiv:2305.18290.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hone.formats._made import (
    Made,
    Refused,
    Row,
    answer_text,
    answered_text,
    asked,
    problems_of,
    refusal,
    rejected_text,
    said,
)
from hone.records.example import TRUSTED, Example, Status, Suggestion
from hone.records.review import Reviewed
from hone.records.task import Task
from hone.rendering.messages import Message


class Options(BaseModel):
    """Which texts count as rejected, and what a pair weighs."""

    model_config = ConfigDict(extra="forbid")

    edited_weight: float = Field(
        1.0, gt=0, description="weight of the pairs of an edited answer, against 1 for accepted"
    )
    suggestions: Literal["passed_over", "rated", "none"] = Field(
        "passed_over",
        description="which suggestions beside the answer are rejected: passed_over (those of "
        "another agent, the first one where a further one was accepted, and those rated lower), "
        "rated (only those rated lower), none (only what an edit replaced)",
    )


LIMITS: tuple[str, ...] = (
    "An accepted answer with nothing beside it gives no pair.",
    "Several suggestions of one agent without scores are alternatives: none of them is rejected.",
    "Weights are written for trainers that use them; TRL's own DPO trainer ignores them.",
)
STATUSES: tuple[Status, ...] = TRUSTED
NEEDS = (
    "a pair: an edited answer beside what it replaced, an accepted one beside a suggestion that "
    "was passed over, or a correction beside what the model had answered"
)
KEEPS_TWINS = True


def facts(task: Task, options: Options) -> dict[str, Any]:
    """What the manifest keeps beside the options; InvalidInput where a task cannot be written."""
    return {}


def run(task: Task, reviewed: Reviewed, options: Options) -> Made:
    """A row for every text that stands rejected beside the answer, and what gave none."""
    example = reviewed.example
    if problems := problems_of(task, example.output):
        return refusal("invalid", problems)
    chosen = answer_text(task, example.output)
    found: list[str | Refused] = []
    if example.status == "edited" and reviewed.shown is None and not reviewed.answered:
        found.append(Refused("no_original", "Nothing was suggested before it was written."))
    elif example.status == "edited" and reviewed.shown is not None:
        found.append(rejected_text(task, reviewed.shown, chosen))
    found += [answered_text(task, text, chosen) for text in reviewed.answered]
    for suggestion in _passed_over(task, example, chosen, options):
        found.append(rejected_text(task, suggestion.output, chosen))
    if not found:
        return refusal("no_pair", "Accepted, and no suggestion was passed over for it.")
    prompt = asked(task, example)
    weight = options.edited_weight if example.status == "edited" else 1.0
    rows: list[Row] = [
        {
            "id": example.id,
            "prompt": prompt,
            "chosen": said(chosen),
            "rejected": said(text),
            "weight": weight,
        }
        for text in dict.fromkeys(one for one in found if isinstance(one, str))
    ]
    return Made(rows, [one for one in found if isinstance(one, Refused)])


def conversations(row: Mapping[str, Any]) -> list[list[Message]]:
    """What a model reads of a row, to count its tokens."""
    return [[*row["prompt"], *row[side]] for side in ("chosen", "rejected")]


def _passed_over(
    task: Task, example: Example, chosen: str, options: Options
) -> Iterator[Suggestion]:
    """The suggestions that count as rejected beside the answer."""
    if options.suggestions == "none" or not example.suggestions:
        return
    first = example.suggestions[0]
    own = next((one for one in example.suggestions if _says(task, one) == chosen), None)
    for one in example.suggestions:
        if _says(task, one) == chosen:
            continue
        is_rated = one.score is not None and (
            own is None or (own.score is not None and one.score < own.score)
        )
        is_replaced = one is first and own is not None
        is_by_another = one.agent != (own or first).agent
        if is_rated or (options.suggestions == "passed_over" and (is_replaced or is_by_another)):
            yield one


def _says(task: Task, suggestion: Suggestion) -> str | None:
    fits = not problems_of(task, suggestion.output)
    return answer_text(task, suggestion.output) if fits else None
