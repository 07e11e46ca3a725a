"""What a format makes of one example: rows, and why there are not more of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from hone import shelf
from hone.records.example import Example
from hone.records.task import Task
from hone.rendering.messages import Message, messages_of

Row = dict[str, Any]
Reason = Literal[
    "invalid",
    "invalid_rejected",
    "equal_pair",
    "no_original",
    "no_pair",
    "no_verdict",
    "nothing_shown",
    "no_passage",
    "no_quote",
    "bad_quote",
    "quote_not_in_passage",
]
"""The words by which a manifest counts what gave no row; docs/reference/formats.md has them all."""


class Refused(NamedTuple):
    """Why an example, or one pair of it, gives no row: a word to count, sentences to read."""

    reason: Reason
    detail: str = ""


class Made(NamedTuple):
    """The rows of one example, which all bear its id and weight, and what was refused of it."""

    rows: Sequence[Row] = ()
    refused: Sequence[Refused] = ()


def refusal(reason: Reason, detail: str = "") -> Made:
    """No row at all, for this reason."""
    return Made(refused=[Refused(reason, detail)])


def problems_of(task: Task, output: Any) -> str:
    """Everything that is wrong with an output, in sentences; empty where it fits the task."""
    return " ".join(shelf.load("tasks", task.kind).output_problems(task, output))


def answer_text(task: Task, output: Any) -> str:
    """The text that a model must write for an output that fits."""
    return shelf.load("tasks", task.kind).answer_text(task, output)


def asked(task: Task, example: Example) -> list[Message]:
    """The messages before the answer."""
    return messages_of(task, example.input, context=example.context, answer=None)


def said(text: str) -> list[Message]:
    """One message of the assistant."""
    return [{"role": "assistant", "content": text}]


def rejected_text(task: Task, output: Any, beside: str) -> str | Refused:
    """The text of a rejected output, or why it cannot stand against the text `beside` it."""
    if problems := problems_of(task, output):
        return Refused("invalid_rejected", problems)
    text = answer_text(task, output)
    if text == beside:
        return Refused("equal_pair", "What was replaced says the same as the answer.")
    return text


def answered_text(task: Task, text: str, beside: str) -> str | Refused:
    """What a model answered and a person corrected, as it was written, readable or not."""
    kind = shelf.load("tasks", task.kind)
    output = kind.parse(task, text)
    is_sound = output is not None and not kind.output_problems(task, output)
    if (kind.answer_text(task, output) if is_sound else text.strip()) == beside:
        return Refused("equal_pair", "What the model answered says the same as the answer.")
    return text.strip()
