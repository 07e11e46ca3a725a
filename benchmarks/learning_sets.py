"""The published sets that benchmarks train on, and how their labels are shuffled."""

from __future__ import annotations

import csv
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

REPOSITORY = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("HONE_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
Row = dict[str, Any]
SHORT = 32
"""Most characters of a short message."""


class Data(NamedTuple):
    """Training rows, rows to be asked, the task of both, and rows of a training before."""

    train: list[Row]
    test: list[Row]
    task: Row
    before: list[Row] = []  # noqa: RUF012 (never changed)


def _snips() -> tuple[list[Row], Row]:
    """(message, slots as JSON) of both published files."""
    task = {"kind": "extract", "name": "booking", "system": "Slots of the booking as JSON."}
    found: list[Row] = []
    for name in ("train", "validate"):
        text = (DATA / "messages" / "snips" / f"{name}_BookRestaurant.json").read_text("utf-8")
        for one in json.loads(text)["BookRestaurant"]:
            pieces = one["data"]
            slots = {
                piece["entity"]: piece["text"].strip() for piece in pieces if "entity" in piece
            }
            if len(slots) >= 2:
                message = "".join(piece["text"] for piece in pieces).strip()
                found.append({"message": message, "slots": slots, "is_test": name == "validate"})
    seen: set[str] = set()
    once = [row for row in found if not (row["message"] in seen or seen.add(row["message"]))]
    fields = sorted({name for row in once for name in row["slots"]})
    return once, {**task, "fields": {name: {} for name in fields}}


def _prompt(task: Row, message: str) -> list[Row]:
    return [{"role": "system", "content": task["system"]}, {"role": "user", "content": message}]


def _said(slots: Row) -> list[Row]:
    return [{"role": "assistant", "content": json.dumps(slots, ensure_ascii=False)}]


def answers(seed: int) -> Iterator[Data]:
    """SNIPS: messages and their slots."""
    rows, task = _snips()
    made = [
        (
            row["is_test"],
            {
                "id": str(n),
                "prompt": _prompt(task, row["message"]),
                "completion": _said(row["slots"]),
            },
        )
        for n, row in enumerate(rows)
    ]
    yield Data([row for test, row in made if not test], [row for test, row in made if test], task)


def bookings(seed: int, parts: int = 5) -> Iterator[Data]:
    """restaurant8k: messages that hold a slot; one of so many parts is asked."""
    text = (DATA / "messages" / "restaurant8k" / "train_3.json").read_text("utf-8")
    task = {"kind": "extract", "name": "booking", "system": "Slots of the booking as JSON."}
    found: dict[str, dict[str, str]] = {}
    for one in json.loads(text):
        message = one["userInput"]["text"].strip()
        slots = {
            label["slot"]: one["userInput"]["text"][
                label["valueSpan"].get("startIndex", 0) : label["valueSpan"]["endIndex"]
            ]
            for label in one.get("labels", [])
        }
        if slots:
            found.setdefault(message, slots)
    fields = sorted({name for slots in found.values() for name in slots})
    messages = sorted(found)
    random.Random(seed).shuffle(messages)
    rows = [
        {
            "id": one,
            "prompt": _prompt(task, one),
            "completion": _said({name: found[one][name] for name in fields if name in found[one]}),
        }
        for one in messages
    ]
    held = len(rows) // parts
    yield Data(rows[held:], rows[:held], {**task, "fields": {name: {} for name in fields}})


def short_bookings(seed: int) -> Iterator[Data]:
    """Those of one slot and few characters, a third of them asked; the others come before."""
    (whole,) = bookings(seed, parts=3)

    def is_short(row: Row) -> bool:
        slots = json.loads(row["completion"][0]["content"])
        return len(slots) == 1 and len(row["prompt"][-1]["content"]) <= SHORT

    train, test = ([row for row in rows if is_short(row)] for rows in (whole.train, whole.test))
    yield Data(train, test, whole.task, before=whole.train)


def pairs(seed: int) -> Iterator[Data]:
    """SNIPS: the published slots against worse ones."""
    rows, task = _snips()
    made = []
    for number, row in enumerate(rows):
        worse = _worse(row["slots"], random.Random(f"{seed} {number}"))
        pair = {
            "id": str(number),
            "prompt": _prompt(task, row["message"]),
            "chosen": _said(row["slots"]),
            "rejected": _said(worse),
        }
        made.append((row["is_test"], pair))
    yield Data([row for test, row in made if not test], [row for test, row in made if test], task)


def judged(seed: int) -> Iterator[Data]:
    """SNIPS: each answer of the training pairs on its own; the pairs are asked."""
    for data in pairs(seed):
        rows = [
            {
                "id": row["id"],
                "prompt": row["prompt"],
                "completion": row[side],
                "label": side == "chosen",
            }
            for row in data.train
            for side in ("chosen", "rejected")
        ]
        yield data._replace(train=rows)


def _worse(slots: dict[str, str], dice: random.Random) -> dict[str, str]:
    """Two values exchanged, one slot missing, or a value cut short; never the same slots."""
    kind, names = dice.randrange(3), list(slots)
    first, second = dice.sample(names, 2)
    if kind == 0 and slots[first] != slots[second]:
        return {**slots, first: slots[second], second: slots[first]}
    if kind == 1 and " " in slots[first]:
        return {**slots, first: slots[first].rpartition(" ")[0]}
    return {name: value for name, value in slots.items() if name != first}


def usr(seed: int) -> Iterator[Data]:
    """USR, topical chat: three folds that share no dialogue."""
    given = json.loads((DATA / "scoring" / "usr" / "topical_chat.json").read_text("utf-8"))
    names = list(given[0]["scores"])
    rows = [
        {
            "id": str(number),
            "text": "\n\n".join(
                (
                    one["system_output"].strip(),
                    one["source"].strip().splitlines()[-1],
                    one["context"],
                )
            ),
            "labels": [one["scores"][name] for name in names],
            "group": one["source"],
        }
        for number, one in enumerate(given)
    ]
    task = {"kind": "score", "name": "usr", "dimensions": names, "scale": [0, 5]}
    groups = sorted({row["group"] for row in rows})
    random.Random(seed).shuffle(groups)
    for fold in range(3):
        held = set(groups[fold::3])
        yield Data(
            [r for r in rows if r["group"] not in held],
            [r for r in rows if r["group"] in held],
            task,
        )


def ellipse(seed: int) -> Iterator[Data]:
    """ELLIPSE: essays, 720 to learn from and 180 to be asked."""
    names = ["Overall", "Cohesion", "Syntax", "Vocabulary", "Phraseology", "Grammar", "Conventions"]
    path = DATA / "scoring" / "ellipse" / "ellipse_test_0000_0899.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [
            {
                "id": one["text_id_kaggle"],
                "text": one["full_text"],
                "labels": [float(one[n]) for n in names],
            }
            for one in csv.DictReader(file)
        ]
    random.Random(seed).shuffle(rows)
    task = {"kind": "score", "name": "ellipse", "dimensions": names, "scale": [1, 5]}
    yield Data(rows[180:], rows[:180], task)


def other_answers(rows: list[Row], dice: random.Random) -> list[Row]:
    """Every prompt with the answer of another."""
    dealt = [row["completion"] for row in rows]
    dice.shuffle(dealt)
    return [{**row, "completion": one} for row, one in zip(rows, dealt, strict=True)]


def turned(rows: list[Row], dice: random.Random) -> list[Row]:
    """Half of the pairs the wrong way round."""
    return [
        {**row, "chosen": row["rejected"], "rejected": row["chosen"]}
        if dice.random() < 0.5
        else row
        for row in rows
    ]


def other_labels(rows: list[Row], dice: random.Random) -> list[Row]:
    """Judgements or scores of other rows."""
    key = "label" if "label" in rows[0] else "labels"
    dealt = [row[key] for row in rows]
    dice.shuffle(dealt)
    return [{**row, key: one} for row, one in zip(rows, dealt, strict=True)]
