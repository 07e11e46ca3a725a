"""Compares what was suggested for an example, word by word, with the answer it has now."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from rapidfuzz.distance import Indel

from hone import shelf
from hone.records.task import Task
from hone.stages.review.decide import find_example
from hone.workspace.open import Workspace

Mark = Literal["=", "-", "+"]
# Longer differing parts are compared line by line, and where that is too much too, not at all:
# the work grows with the product of both lengths.
MOST_PIECES = 10_000
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


class Column(NamedTuple):
    """One answer: who gave it, as a value, as text, and how its text differs from the first."""

    agent: str
    score: float | None
    output: Any
    text: str
    diff: list[tuple[Mark, str]]


def comparison(ws: Workspace, example_id: str) -> list[Column]:
    """The answer (agent "answer") where there is one, then every suggestion.

    `diff` leads from the first column's text to this one's: "=" both, "-" only there, "+" only
    here; the "=" and "+" pieces joined are the text.
    """
    example = find_example(ws, example_id)
    task = ws.tasks().get(example.task)
    given = [(one.agent, one.score, one.output) for one in example.suggestions]
    if example.output is not None:
        given.insert(0, ("answer", None, example.output))
    columns: list[Column] = []
    for agent, score, output in given:
        text = answer_text(task, output)
        first = columns[0].text if columns else text
        columns.append(Column(agent, score, output, text, word_diff(first, text)))
    return columns


def answer_text(task: Task | None, output: Any) -> str:
    """An answer as a model writes it; as JSON where it does not fit its task."""
    if task is not None:
        kind = shelf.load("tasks", task.kind)
        if not kind.output_problems(task, output):
            return kind.answer_text(task, output)
    return json.dumps(output, ensure_ascii=False)


def word_diff(first: str, second: str) -> list[tuple[Mark, str]]:
    """How one text becomes the other, in whole words, few pieces and bounded time."""
    found: list[tuple[Mark, str]] = []
    gone = new = ""
    for mark, text in _pieces(_WORDS.findall(first), _WORDS.findall(second)):
        # A space between two changed words belongs to the change: fewer, longer pieces.
        is_between = bool(gone or new) and text.isspace()
        if mark == "=" and not is_between:
            found += _changed(gone, new)
            found.append((mark, text))
            gone = new = ""
        else:
            gone += text if mark != "+" else ""
            new += text if mark != "-" else ""
    return _joined([*found, *_changed(gone, new)])


def _pieces(left: list[str], right: list[str]) -> Iterator[tuple[Mark, str]]:
    head = _shared(left, right)
    tail = _shared(left[head:][::-1], right[head:][::-1])
    yield "=", "".join(left[:head])
    old, new = left[head : len(left) - tail], right[head : len(right) - tail]
    if max(len(old), len(new)) > MOST_PIECES:
        old, new = ("".join(one).splitlines(keepends=True) for one in (old, new))
    if max(len(old), len(new)) > MOST_PIECES:
        old, new = ["".join(old)], ["".join(new)]
    for step in Indel.opcodes(old, new):
        if step.tag == "insert":
            yield "+", "".join(new[step.dest_start : step.dest_end])
        else:
            mark: Mark = "=" if step.tag == "equal" else "-"
            yield mark, "".join(old[step.src_start : step.src_end])
    yield "=", "".join(right[len(right) - tail :])


def _shared(left: Sequence[str], right: Sequence[str]) -> int:
    """How many words both begin with."""
    different = (place for place, (a, b) in enumerate(zip(left, right, strict=False)) if a != b)
    return next(different, min(len(left), len(right)))


def _changed(gone: str, new: str) -> list[tuple[Mark, str]]:
    """A change; the space that both sides end with is none."""
    end = 0
    while end < min(len(gone), len(new)) and gone[-1 - end] == new[-1 - end] == " ":
        end += 1
    return [
        ("-", gone[: len(gone) - end]),
        ("+", new[: len(new) - end]),
        ("=", gone[len(gone) - end :]),
    ]


def _joined(pieces: Sequence[tuple[Mark, str]]) -> list[tuple[Mark, str]]:
    found: list[tuple[Mark, str]] = []
    for mark, text in pieces:
        if found and found[-1][0] == mark:
            found[-1] = (mark, found[-1][1] + text)
        elif text:
            found.append((mark, text))
    return found
