"""Records out of a message: what was picked up, how much, where.

Needs: input {"message"}; output an object with the task's fields, or a list of them (`many`).
Gives: the answer as canonical JSON; score field F1.
Source: the score is that of the metric `json_fields`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from hone.records.task import Task
from hone.tasks import _fields, _json_answers, _scores


class Options(BaseModel):
    """Nothing to choose: all that differs stands in the task file."""

    model_config = ConfigDict(extra="forbid")


LIMITS: tuple[str, ...] = (
    "Records are flat: a field holds one value, never a list or an object.",
    "A model's JSON is read strictly; text or a code block around it makes it unreadable.",
    "At most 1,000 records, 100,000 characters and 32 levels are read of an answer.",
    "Messages that differ in one word are different, since one word is another record.",
)
FORMATS: tuple[str, ...] = ("sft", "dpo", "kto")
METRICS: tuple[str, ...] = ("json_fields", "exact_match")
DUPLICATE_RULE: Literal["jaccard", "normalised"] = "normalised"
MAX_RECORDS = 1_000
FEWEST_TO_TRAIN = 10


def input_problems(task: Task, input: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with an input, in sentences."""
    problems = _fields.object_problems("input", input, ("message",))
    if isinstance(input, Mapping):
        problems += _fields.text_problems("message", input.get("message"))
    return problems


def output_problems(task: Task, output: Any) -> list[str]:
    """Everything that is wrong with an output, in sentences that name record and field."""
    if not task.many:
        return _record_problems(task, "", output)
    if not isinstance(output, list):
        return [f"The output must be a list of records, not {_fields.kind_of(output)}."]
    if len(output) > MAX_RECORDS:
        return [f"The output has {len(output):,} records; at most {MAX_RECORDS:,} are allowed."]
    return [
        problem
        for place, record in enumerate(output, 1)
        for problem in _record_problems(task, f"record {place}: ", record)
    ]


def answer_text(task: Task, output: Any) -> str:
    """The text that a model must write: fields in the task's order, absent ones left out."""
    records = [_canonical(task, record) for record in _records(output)]
    return json.dumps(records if task.many else records[0], ensure_ascii=False)


def parse(task: Task, text: str) -> Any:
    """The output that a model's text means; None where it is not JSON of the right shape.

    One object stands for a list of one and the other way round, as the score counts it. Whether
    the values fit their fields is for `output_problems` to say.
    """
    try:
        value = _json_answers.read_json(text)
    except ValueError:
        return None
    records = value if isinstance(value, list) else [value]
    if len(records) > MAX_RECORDS or not all(isinstance(record, dict) for record in records):
        return None
    if task.many:
        return records
    return records[0] if len(records) == 1 else None


def score(task: Task, prediction_text: str, expected_output: Any) -> float:
    """Field F1, 0 to 1; 1 where nothing was to be found and nothing is."""
    return _scores.field_f1(prediction_text, answer_text(task, expected_output))


def near_duplicate_text(task: Task, input: Mapping[str, Any]) -> str:
    """The text by which messages are compared."""
    return str(input["message"])


def label_of(task: Task, output: Any) -> str:
    """For even splits: how many records a message holds."""
    amount = len(list(_records(output)))
    return str(amount) if amount < 3 else "3 or more"


def search_text(task: Task, input: Mapping[str, Any], output: Any) -> str:
    """What full-text search looks through."""
    values = [
        str(value)
        for record in _records(output)
        if isinstance(record, Mapping)
        for value in record.values()
        if value is not None
    ]
    return "\n".join([str(input.get("message", "")), *([" ".join(values)] if values else [])])


def weight_in_pounds(task: Task, record: Mapping[str, Any]) -> float | None:
    """Pounds of one record by the task's table; None where quantity or unit is not known."""
    quantity, unit = record.get("quantity"), record.get("unit")
    if _fields.number_problem("quantity", quantity) or not isinstance(unit, str):
        return None
    pounds = task.weights_in_pounds.get(unit)
    return None if pounds is None else float(quantity) * pounds  # type: ignore[arg-type]


def _records(output: Any) -> Iterator[Any]:
    if isinstance(output, list):
        yield from output
    elif output is not None:
        yield output


def _record_problems(task: Task, where: str, record: Any) -> list[str]:
    problems = [
        where + problem for problem in _fields.object_problems("record", record, task.fields)
    ]
    if not isinstance(record, Mapping):
        return problems
    for name, field in task.fields.items():
        value = record.get(name)
        if value is None:
            if field.required:
                problems.append(f"{where}{name} is missing.")
        elif problem := _fields.value_problem(name, field, value):
            problems.append(where + problem)
    return problems


def _canonical(task: Task, record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(record[name]) for name in task.fields if record.get(name) is not None}


def _plain(value: Any) -> Any:
    # 12.0 and 12 are the same number; a model should see one way to write it.
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15
    return int(value) if is_whole else value
