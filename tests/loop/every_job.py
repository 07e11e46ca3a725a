"""A workspace in which every shipped recipe finds its dataset."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import yaml

from hone import loop
from hone.demo import run as demonstration
from hone.demo.messages import generate
from hone.demo.reviewer import REVIEWER, as_lines, decisions
from hone.records.example import Example, Suggestion
from hone.records.task import Task
from hone.stages import review
from hone.workspace.open import Workspace
from hone.workspace.store import new_example
from tests.stages.prepare.mixed import BOOK, NEWS, book_row, decide_all, news_row

NOTES = Task(kind="chat", name="notes")
MESSAGES = 48
HALVES = {"train": 0.8, "val": 0.2, "test": 0.0}


class _Quiet:
    def step(self, text: str) -> None: ...
    def detail(self, text: str) -> None: ...
    def progress(self, done: int, total: int | None) -> None: ...


def make_workspace(root: Path) -> Workspace:
    """Messages, questions, articles and conversations, reviewed; the datasets of every recipe."""
    ws = demonstration._workspace(root, _Quiet())
    more_messages(ws, MESSAGES)
    for task in (BOOK, NEWS, NOTES):
        written = task.model_dump(mode="json", exclude_defaults=True)
        (ws.root / "tasks" / f"{task.name}.yaml").write_text(yaml.safe_dump(written))
    dice = Random(0)
    rows = [make(number, dice) for make in (book_row, news_row, note_row) for number in range(40)]
    ws.store.examples.add_many(new_example(one, search="") for one in rows)
    decide_all(ws, rows, dice)
    for name, task, form in (
        ("pickup", "pickup", "sft"),
        ("pickup-pairs", "pickup", "dpo"),
        ("pickup-judged", "pickup", "kto"),
        ("messages", "pickup", "sft"),
        ("qa", "book", "sft"),
        ("qa-raft", "book", "raft"),
        ("qa-pairs", "book", "dpo"),
        ("docs", "book", "sft"),
        ("articles", "news", "regression"),
        ("memories", "notes", "sft"),
    ):
        loop.build_dataset(ws, name, task=task, format=form, ratios=HALVES)
    return ws


def more_messages(ws: Workspace, count: int) -> None:
    """Import and review messages up to so many; every third proposal is wrong."""
    messages = generate("train", count, 0)
    wrong = [{"item": "bread", "quantity": 1}]
    proposals = {one.text: one.items if place % 3 else wrong for place, one in enumerate(messages)}
    raw = ws.root / "messages.jsonl"
    raw.write_text(as_lines({"message": text, "output": proposals[text]} for text in proposals))
    loop.import_examples(ws, raw, task="pickup")
    ids = {one.input["message"]: one.id for one in ws.store.examples.iterate()
           if one.task == "pickup" and one.status == "pending"}  # fmt: skip
    file = ws.root / "decisions.jsonl"
    file.write_text(as_lines(decisions(messages, proposals, ids)))
    review.apply_decisions(ws, file, reviewer=REVIEWER)


def note_row(number: int, dice: Random) -> Example:
    """A conversation about a day."""
    said = [
        {"role": "user", "content": f"What did we do on day {number}?"},
        {"role": "assistant", "content": f"We walked {number} miles."},
        {"role": "user", "content": "And then?"},
    ]
    reply: Any = {"reply": f"Then we ate {dice.randrange(9)} apples on day {number}."}
    return Example(
        id=f"c{number:05}",
        task="notes",
        input={"messages": said},
        suggestions=[Suggestion(agent="import", output=reply)],
        fingerprint=f"h{number}",
    )
