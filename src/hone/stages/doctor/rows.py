"""Reads the rows of a dataset by their keys, whatever format wrote them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from hone.errors import InvalidInput
from hone.records.dataset import miscounted, scores_in
from hone.records.task import Task
from hone.rendering.messages import Message, question_in
from hone.workspace.files import explained

RowKind = Literal["answer", "signal", "pair", "scores"]
Progress = Callable[[int, int | None], None]


class Side(NamedTuple):
    """One conversation that goes through the model; a pair has two.

    `text` is set where there is no conversation: a head for figures reads a bare text.
    """

    name: str
    messages: list[Message]
    text: str | None = None


class Row(NamedTuple):
    """One row: what is asked, what is learned of it, and where it stands in its file.

    `kind` says how it is learned: an answer (sft, raft), an answer with a yes or no (kto), a
    chosen one against a rejected one (dpo), or figures (regression; its one side has no answer).
    `labels` are those figures by name, or {"label": 0 or 1}. `problem`: why its method leaves it
    out at any length.
    """

    split: str
    number: int
    id: str
    kind: RowKind
    sides: tuple[Side, ...]
    question: str
    answers: tuple[str, ...]
    labels: dict[str, float]
    problem: str = ""


def read_rows(path: Path, split: str, task: Task) -> Iterator[Row]:
    """The rows of one split, in order; streams. InvalidInput names a line that is none."""
    number = 0
    with explained("read", path), path.open("rb") as file:
        for line_number, line in enumerate(file, start=1):
            if line.isspace():
                continue
            number += 1
            try:
                written: Any = json.loads(line)
                row = _row(written, (split, number), task)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                why = f"{error} is missing" if isinstance(error, KeyError) else str(error)
                raise InvalidInput(
                    f"{path}, line {line_number}, is no training row: {why}.",
                    hint="A frozen dataset is not edited; hone datasets build freezes a new one.",
                ) from error
            yield row


def whole_text(row: Row) -> str:
    """Everything that makes two rows the same: question, answers and labels."""
    return "\n".join([row.question, *row.answers, json.dumps(row.labels)])


def _row(written: dict[str, Any], place: tuple[str, int], task: Task) -> Row:
    split, number = place
    bare = None if "prompt" in written else _text(written)
    prompt = _messages(written["prompt"] if bare is None else bare, "user")
    kind, replies, labels = _learned(written, task)
    sides = [Side(name, [*prompt, *messages], bare) for name, messages in replies]
    return Row(
        split=split,
        number=number,
        id=str(written.get("id", "")),
        kind=kind,
        sides=tuple(sides),
        question=question_in(prompt),
        answers=tuple(messages[-1]["content"] for _, messages in replies if messages),
        labels={name: value for name, value in labels.items() if math.isfinite(value)},
        problem=_problem_of(written, labels, task) if kind == "scores" else "",
    )


def _learned(
    written: dict[str, Any], task: Task
) -> tuple[RowKind, list[tuple[str, list[Message]]], dict[str, float]]:
    if "chosen" in written:
        pair = [(name, _reply(written[name])) for name in ("chosen", "rejected")]
        return "pair", pair, {}
    if "labels" in written or not {"prompt", "completion"} & written.keys():
        return "scores", [("", [])], _figures(written, task)
    reply = [("", _reply(written["completion"]))]
    if "label" in written:
        if not isinstance(written["label"], bool):
            raise TypeError(f"its label is {written['label']!r}, not true or false")
        return "signal", reply, {"label": float(written["label"])}
    return "answer", reply, {}


def _reply(value: Any) -> list[Message]:
    messages = _messages(value, "assistant")
    if not messages or messages[-1]["role"] != "assistant":
        raise ValueError("its answer is not the assistant's")
    return messages


def _messages(value: Any, role: str) -> list[Message]:
    if isinstance(value, str):
        return [{"role": role, "content": value}]
    if not isinstance(value, list):
        raise TypeError(f"messages were expected, not {type(value).__name__}")
    return [
        {"role": str(one["role"]), "content": str(one["content"])}
        for one in cast("list[dict[str, Any]]", value)
    ]


def _text(written: dict[str, Any]) -> str:
    """The bare text of a row that is scored; one without a text reads as an empty one."""
    return str(written.get("text") or "") if "labels" in written else str(written["text"])


def _figures(written: dict[str, Any], task: Task) -> dict[str, float]:
    labels: Any = written.get("labels")
    if isinstance(labels, dict):
        named = cast("dict[str, Any]", labels)
    else:
        listed = cast("list[Any]", labels if isinstance(labels, list) else [labels])
        named = dict(zip(_names(written, task, len(listed)), listed, strict=True))
    numbers = {str(name): _number(value) for name, value in named.items()}
    return {name: number for name, number in numbers.items() if number is not None}


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _problem_of(written: Mapping[str, Any], labels: Mapping[str, float], task: Task) -> str:
    if not isinstance(written.get("labels"), dict):
        return scores_in(written, len(task.dimensions))[1]
    if len(labels) != len(task.dimensions):
        return miscounted(len(labels), len(task.dimensions))
    return "" if all(map(math.isfinite, labels.values())) else "a score is no finite number"


def _names(written: dict[str, Any], task: Task, count: int) -> Sequence[str]:
    for names in (written.get("dimension_names"), task.dimensions):
        if isinstance(names, list) and len(cast("list[Any]", names)) == count:
            return [str(name) for name in cast("list[Any]", names)]
    return [f"label {place}" for place in range(1, count + 1)]
