"""A workspace with reviewed questions and answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hone.records.example import Example
from hone.records.task import Task
from hone.workspace.open import Workspace, init_workspace
from hone.workspace.store import Filter, new_example

NOUNS = "river mountain candle harbour engine violin lantern orchard basket window".split()


def question(number: int) -> str:
    first, second = NOUNS[number % 10], NOUNS[(number // 10) % 10]
    return f"Question {number * 7919}: what joins the {first} number {number} to the {second}?"


def row(number: int, *, group: str | None = None) -> Example:
    return Example.model_validate(
        {
            "id": f"e{number:05}",
            "task": "catechism",
            "input": {"question": question(number)},
            "suggestions": [{"agent": "import", "output": {"answer": f"Answer {number}."}}],
            "group": group,
            "fingerprint": f"f{number}",
        }
    )


def fill(workspace: Workspace, rows: list[Example]) -> None:
    store = workspace.store
    store.examples.add_many(new_example(one, search=str(one.input)) for one in rows)


def accept_all(workspace: Workspace, op_id: str = "all") -> None:
    workspace.store.journal.bulk(op_id, "accept", Filter(status=("pending",)), reviewer="ann")


@pytest.fixture
def make_workspace(tmp_path: Path) -> Iterator[Callable[..., Workspace]]:
    opened: list[Workspace] = []

    def make(count: int, name: str = "ws") -> Workspace:
        task = Task(kind="qa", name="catechism")
        workspace = init_workspace(tmp_path / name, task=task)
        opened.append(workspace)
        fill(workspace, [row(number) for number in range(count)])
        if count:
            accept_all(workspace)
        return workspace

    yield make
    for workspace in opened:
        workspace.close()


@pytest.fixture
def opened() -> Iterator[list[Workspace]]:
    workspaces: list[Workspace] = []
    yield workspaces
    for one in workspaces:
        one.close()
