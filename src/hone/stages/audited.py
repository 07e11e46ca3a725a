"""What audited messages add up to: how many, how many items, how many pounds, where and of what.

A weight that the task's table does not know stays unknown: it is counted, and never taken as 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast

from pydantic import BaseModel, ConfigDict, Field

from hone import shelf
from hone.errors import InvalidInput, nearest
from hone.records.example import TRUSTED
from hone.records.task import Task
from hone.workspace.open import Workspace
from hone.workspace.store import Filter

USUAL_FIELDS = ("location", "subcategory")
NOT_SAID = "(not said)"


class Weight(BaseModel):
    """What items weigh together; `unknown` of them have no known weight and are not in `pounds`."""

    items: int = 0
    pounds: float = Field(default=0.0, description="of the items whose weight is known")
    unknown: int = 0


class Audited(BaseModel):
    """The audited examples of an extract task."""

    model_config = ConfigDict(extra="forbid")

    task: str
    audited: int = Field(description="messages that a person accepted or edited")
    total: int = Field(description="messages in all")
    weight: Weight
    by: dict[str, dict[str, Weight]] = Field(
        description="field -> its value -> items and pounds, the heaviest first"
    )
    fewest: int = Field(description="audited messages that a training takes at least")
    is_ready: bool = Field(description="whether there are enough to train on")
    readiness: str


class _Sums(NamedTuple):
    whole: Weight
    parts: dict[str, dict[str, Weight]]


def audited(ws: Workspace, task: str | None = None, *, by: Iterable[str] = ()) -> Audited:
    """Sums over every audited message of an extract task; by default by location and subcategory.

    Reads them once. InvalidInput where the task has no records, or no such field.
    """
    known = ws.task(task)
    fields = _fields(known, tuple(by))
    sums = _Sums(Weight(), {name: {} for name in fields})
    count = 0
    # The outputs alone: whole examples would take several times as long to read.
    for output in ws.store.examples.outputs(known.name, tuple(TRUSTED)):
        count += 1
        _add(known, output, sums)
    total = ws.store.examples.count(Filter(task=known.name))
    fewest = int(shelf.load("tasks", known.kind).FEWEST_TO_TRAIN)
    is_ready, readiness = _readiness(count, fewest)
    return Audited(
        task=known.name,
        audited=count,
        total=total,
        weight=sums.whole,
        by={name: _heaviest_first(values) for name, values in sums.parts.items()},
        fewest=fewest,
        is_ready=is_ready,
        readiness=readiness,
    )


def _fields(task: Task, by: tuple[str, ...]) -> tuple[str, ...]:
    if task.kind != "extract":
        raise InvalidInput(
            f"A {task.kind} task has no records to add up.", hint="--task NAME of an extract task"
        )
    for name in by:
        if name not in task.fields:
            raise InvalidInput(
                f'The task {task.name} has no field "{name}".', hint=nearest(name, task.fields)
            )
    return by or tuple(name for name in USUAL_FIELDS if name in task.fields)


def _add(task: Task, output: Any, sums: _Sums) -> None:
    kind = shelf.load("tasks", task.kind)
    records = cast("list[Any]", output if isinstance(output, list) else [output])
    for record in records:
        if not isinstance(record, Mapping):
            continue
        item = cast("Mapping[str, Any]", record)
        pounds: float | None = kind.weight_in_pounds(task, item)
        _count(sums.whole, pounds)
        for name, values in sums.parts.items():
            value = item.get(name)
            said = NOT_SAID if value is None else str(value)
            _count(values.setdefault(said, Weight()), pounds)


def _count(weight: Weight, pounds: float | None) -> None:
    weight.items += 1
    if pounds is None:
        weight.unknown += 1
    else:
        weight.pounds += pounds


def _heaviest_first(values: Mapping[str, Weight]) -> dict[str, Weight]:
    order = sorted(values, key=lambda name: (-values[name].pounds, -values[name].items, name))
    return {name: values[name] for name in order}


def _readiness(count: int, fewest: int) -> tuple[bool, str]:
    if count >= fewest:
        return True, f"Ready to train: {count:,} audited messages."
    missing = fewest - count
    return False, (
        f"Not ready to train: {count:,} audited messages, {missing} more are needed ({fewest})."
    )
