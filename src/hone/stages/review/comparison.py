"""Compares what was suggested for an example, word by word, with the answer it has now."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from hone import shelf
from hone.records.task import Task
from hone.rendering.word_diff import Mark, word_diff
from hone.stages.review.decide import find_example
from hone.workspace.open import Workspace


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
