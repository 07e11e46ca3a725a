"""Workspaces in which everything that a person can decide has been decided, by a seed."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from hone.records.dataset import SPLITS
from hone.records.example import Example, Passage, Suggestion
from hone.records.review import Decision
from hone.records.task import Task
from hone.stages.prepare import BuildOptions, Built, build_dataset
from hone.workspace.open import Workspace, init_workspace
from hone.workspace.store import new_example
from tests.stages.prepare.conftest import NOUNS

BOOK = Task(kind="qa", name="book", context=True)
NEWS = Task(kind="score", name="news", dimensions=["agency", "progress"])


def passage(number: int) -> str:
    first, second = NOUNS[number % 10], NOUNS[(number // 10) % 10]
    return f"Page {number}. The {first} {number} joins the {second}. Nobody knows why {number}."


def book_row(number: int, dice: random.Random) -> Example:
    """A question with one or two suggestions; some ask what another one asks."""
    asked = number if dice.random() < 0.8 else dice.randrange(number + 1)
    other = Suggestion(agent="rules", output={"answer": f"Rules say {number}."}, score=None)
    return Example(
        id=f"e{number:05}",
        task="book",
        input={"question": f"Question {asked * 7919}: what joins the {NOUNS[asked % 10]} {asked}?"},
        suggestions=[
            Suggestion(agent="import", output={"answer": f"The {NOUNS[number % 10]} {number}"}),
            *([other] if dice.random() < 0.3 else []),
        ],
        context=[Passage(text=passage(number))] if dice.random() < 0.9 else [],
        group=f"chapter {number // 3}" if dice.random() < 0.3 else None,
        fingerprint=f"f{number}",
    )


def news_row(number: int, dice: random.Random) -> Example:
    """An article with labels, of which some do not fit."""
    labels: dict[str, Any] = {"agency": number % 11, "progress": dice.randrange(-1, 12)}
    return Example(
        id=f"n{number:05}",
        task="news",
        input={"title": f"Title {number}", "content": passage(number)},
        suggestions=[Suggestion(agent="import", output={"labels": labels})],
        fingerprint=f"g{number}",
    )


def decide_all(workspace: Workspace, rows: list[Example], dice: random.Random) -> None:
    """One decision for each; edits bring an answer of their own, sometimes the old one."""
    wanted: list[Decision] = []
    for row in rows:
        verdict = dice.choices(["accept", "edit", "reject", "flag"], [5, 3, 2, 1])[0]
        output = None
        if verdict == "edit":
            is_same = dice.random() < 0.2
            mine: Any = {"answer": f"In truth the {row.id}."}
            if row.task == "news":
                mine = {"labels": {"agency": 1.5, "progress": 2}}
            if row.task == "notes":
                mine = {"reply": f"In truth the {row.id}."}
            output = row.suggestions[0].output if is_same else mine
        wanted.append(
            Decision(
                op_id=f"op-{row.id}",
                example_id=row.id,
                verdict=verdict,  # type: ignore[arg-type]
                reviewer="ann",
                output=output,
            )
        )
    workspace.store.journal.decide(wanted)


def mixed(folder: Path, count: int, seed: int, *, task: Task = BOOK) -> Workspace:
    """A workspace of `count` decided examples; the same seed gives the same one."""
    workspace = init_workspace(folder, task=task)
    grow(workspace, range(count), seed)
    return workspace


def grow(workspace: Workspace, numbers: range, seed: int) -> None:
    """More examples, decided as well."""
    dice = random.Random(seed)
    make = book_row if workspace.task(None).name == "book" else news_row
    rows = [make(number, dice) for number in numbers]
    workspace.store.examples.add_many(new_example(one, search="") for one in rows)
    decide_all(workspace, rows, dice)


def rows_in(folder: Path, split: str) -> list[dict[str, Any]]:
    """The rows of a split."""
    return [json.loads(line) for line in (folder / f"{split}.jsonl").read_text().splitlines()]


def built(workspace: Workspace, format_name: str, **options: Any) -> Built:
    """The next version of `book` in this format."""
    given = {"format": format_name, "format_options": options}
    return build_dataset(workspace, "book", BuildOptions.model_validate(given))


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a dataset."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def split_ids(folder: Path) -> dict[str, set[str]]:
    """The examples of every split."""
    there = [split for split in SPLITS if (folder / f"{split}.jsonl").exists()]
    return {split: {one["id"] for one in rows_in(folder, split)} for split in there}


def members(folder: Path) -> list[dict[str, Any]]:
    """The lines of `members.jsonl`."""
    return [json.loads(line) for line in (folder / "members.jsonl").read_text().splitlines()]
