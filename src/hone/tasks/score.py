"""Articles scored on several dimensions.

Needs: input {"title", "content"}; output {"labels": {dimension: number}}, all within the scale.
Gives: the answer as canonical JSON; score 1 - MAE / range.
Source: mean absolute error over the task's dimensions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from hone.records.task import Task
from hone.tasks import _fields, _json_answers


class Options(BaseModel):
    """Nothing to choose: all that differs stands in the task file."""

    model_config = ConfigDict(extra="forbid")


LIMITS: tuple[str, ...] = (
    "A missing or unreadable dimension counts as wrong by the whole scale.",
    "All dimensions count alike in the score; weights belong to the filter.",
    "For even splits articles are low, medium or high by thirds of the scale.",
)
FORMATS: tuple[str, ...] = ("sft", "regression", "dpo", "kto")
METRICS: tuple[str, ...] = ("regression",)
DUPLICATE_RULE: Literal["jaccard", "normalised"] = "jaccard"


def input_problems(task: Task, input: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with an input, in sentences."""
    problems = _fields.object_problems("input", input, ("title", "content"))
    if isinstance(input, Mapping):
        problems += _fields.text_problems("title", input.get("title"), is_required=False)
        problems += _fields.text_problems("content", input.get("content"))
    return problems


def output_problems(task: Task, output: Any) -> list[str]:
    """Everything that is wrong with an output, in sentences that name the dimension."""
    problems = _fields.object_problems("output", output, ("labels",))
    if not isinstance(output, Mapping):
        return problems
    labels = output.get("labels")
    problems += _fields.object_problems("labels object", labels, task.dimensions)
    if not isinstance(labels, Mapping):
        return problems
    lowest, highest = task.scale
    for name in task.dimensions:
        value = labels.get(name)
        if value is None:
            problems.append(f"{name} is missing.")
        elif problem := _fields.number_problem(name, value):
            problems.append(problem)
        elif not lowest <= value <= highest:
            problems.append(f"{name} must lie from {lowest:g} to {highest:g}, not {value:g}.")
    return problems


def answer_text(task: Task, output: Any) -> str:
    """The text that a model must write: the dimensions in the task's order."""
    labels = output["labels"]
    return json.dumps({name: _plain(labels[name]) for name in task.dimensions}, ensure_ascii=False)


def parse(task: Task, text: str) -> dict[str, dict[str, Any]] | None:
    """The output that a model's text means; None where it is no object of numbers."""
    try:
        value = _json_answers.read_json(text)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    if any(_fields.number_problem(name, label) for name, label in value.items()):
        return None
    return {"labels": value}


def score(task: Task, prediction_text: str, expected_output: Any) -> float:
    """1 - MAE / range, 0 to 1."""
    predicted = parse(task, prediction_text)
    labels = predicted["labels"] if predicted else {}
    lowest, highest = task.scale
    width = highest - lowest
    if not task.dimensions or width <= 0:
        return 0.0
    errors = [
        min(abs(labels[name] - expected_output["labels"][name]), width) if name in labels else width
        for name in task.dimensions
    ]
    return 1 - sum(errors) / len(errors) / width


def near_duplicate_text(task: Task, input: Mapping[str, Any]) -> str:
    """The text by which articles are compared."""
    return "\n".join(str(input[name]) for name in ("title", "content") if input.get(name))


def label_of(task: Task, output: Any) -> str:
    """For even splits: the third of the scale in which the mean label lies."""
    labels = [float(output["labels"][name]) for name in task.dimensions]
    if not labels:
        return ""
    lowest, highest = task.scale
    place = (sum(labels) / len(labels) - lowest) / ((highest - lowest) or 1)
    return "low" if place < 1 / 3 else "medium" if place < 2 / 3 else "high"


def search_text(task: Task, input: Mapping[str, Any], output: Any) -> str:
    """What full-text search looks through; labels are figures and not searched."""
    return "\n".join(str(input[name]) for name in ("title", "content") if input.get(name))


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
