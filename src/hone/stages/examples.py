"""Looks at the examples of a workspace: pages, one in full, counts, and a file of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from hone import shelf
from hone.errors import InvalidInput, NotFound, nearest
from hone.records.choice import Choice, Span
from hone.records.example import Example
from hone.records.review import Operation
from hone.records.task import Task
from hone.workspace.files import writing_aside
from hone.workspace.open import Workspace
from hone.workspace.problems import checked
from hone.workspace.store import Filter

LAYOUTS: dict[str, str] = {
    "hone": "every field of an example",
    "alpaca": "instruction, input, output",
    "sharegpt": "conversations of {from, value} turns",
    "messages": "messages of {role, content} turns",
}


class Listed(NamedTuple):
    """A page of examples, the counts beside it, and whether more follow."""

    items: list[Example]
    counters: dict[str, int]
    has_more: bool
    last: str | None = None
    """The cursor that the next page begins behind, in the order of this one."""


class Statistics(BaseModel):
    """How many examples there are, by status, tag and file."""

    model_config = ConfigDict(extra="forbid")

    total: int
    by_status: dict[str, int]
    by_task: dict[str, int]
    by_file: dict[str, int]
    by_tag: dict[str, int]


def chosen(given: Mapping[str, Any]) -> Choice:
    """The choice that options describe, None being left out; InvalidInput names every mistake."""
    told = {name: value for name, value in given.items() if value is not None}
    return checked(Choice, told, hint="hone examples list --help")


def list_examples(
    ws: Workspace,
    choice: Choice | None = None,
    *,
    order: str = "file",
    after: int | str | None = None,
    limit: int = 20,
) -> Listed:
    """Examples in one of ORDERS, from behind a cursor or, as they were imported, a position."""
    wanted = Filter.chosen(choice or Choice())
    place = None if after is None else str(after)
    if order == "file" and (place is None or (place.isdecimal() and len(place) < 19)):
        position = None if place is None else int(place)
        page = ws.store.examples.page(wanted, after=position, limit=limit)
        last = str(page.items[-1].position) if page.items else None
        return Listed(page.items, page.counters, page.has_more, last)
    asked = {"order": order, "after": place, "limit": limit}
    span = checked(Span, asked, hint="hone examples list --help")
    window = ws.store.examples.window(wanted, span)
    return Listed(window.items, window.counters, window.has_after, window.last)


def show_example(ws: Workspace, named: str) -> tuple[Example, list[Operation]]:
    """One example by its id or its position in the list, with everything that was decided on it."""
    if named.isdigit() and len(named) < 19:
        found = ws.store.examples.page(Filter(first=int(named), last=int(named)), limit=1).items
        if not found:
            raise NotFound(f"There is no example at position {named}.", hint="hone examples list")
        example = found[0]
    else:
        example = ws.store.examples.get(named)
    return example, ws.store.journal.history(example.id)


def count_examples(ws: Workspace, choice: Choice | None = None) -> Statistics:
    """Counts over every example that is meant; reads them all once."""
    by_status: Counter[str] = Counter()
    by_task: Counter[str] = Counter()
    by_file: Counter[str] = Counter()
    by_tag: Counter[str] = Counter()
    for example in ws.store.examples.iterate(Filter.chosen(choice or Choice())):
        by_status[example.status] += 1
        by_task[example.task] += 1
        by_file[example.origin.file or ""] += 1
        by_tag.update(example.tags)
    counted = (by_status, by_task, by_file, by_tag)
    statuses, tasks, files, tags = (dict(counter.most_common()) for counter in counted)
    return Statistics(
        total=by_status.total(), by_status=statuses, by_task=tasks, by_file=files, by_tag=tags
    )


def export_examples(
    ws: Workspace, path: Path | str, choice: Choice | None = None, *, layout: str = "hone"
) -> int:
    """Write examples as JSON Lines, whole or not at all; gives how many.

    Layouts for other trainers hold only examples with an output; answers of extract and score
    tasks are written as the text that a model must produce.
    """
    if layout not in LAYOUTS:
        raise InvalidInput(f'There is no layout "{layout}".', hint=nearest(layout, LAYOUTS))
    count = 0
    with writing_aside(Path(path)) as stream:
        for row in _rows(ws, Filter.chosen(choice or Choice()), layout):
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def _rows(ws: Workspace, wanted: Filter, layout: str) -> Iterator[dict[str, Any]]:
    tasks = ws.tasks()
    for example in ws.store.examples.iterate(wanted):
        if layout == "hone":
            yield example.model_dump(mode="json")
        elif example.output is not None and example.task in tasks:
            yield _row_of(tasks[example.task], example, layout)


def _row_of(task: Task, example: Example, layout: str) -> dict[str, Any]:
    answer = shelf.load("tasks", task.kind).answer_text(task, example.output)
    turns = _turns(task, example)
    if layout == "alpaca" and len(turns) == 1:
        return {"instruction": turns[0][1], "input": "", "output": answer}
    turns.append(("assistant", answer))
    if layout == "sharegpt":
        names = {"user": "human", "assistant": "gpt"}
        return {
            "conversations": [{"from": names.get(who, who), "value": text} for who, text in turns]
        }
    return {"messages": [{"role": who, "content": text} for who, text in turns]}


def _turns(task: Task, example: Example) -> list[tuple[str, str]]:
    if task.kind == "chat":
        messages: Sequence[dict[str, str]] = example.input["messages"]
        return [(turn["role"], turn["content"]) for turn in messages]
    if task.kind == "score":
        return [("user", f"{example.input.get('title', '')}\n{example.input['content']}".strip())]
    return [("user", str(example.input["question" if task.kind == "qa" else "message"]))]
