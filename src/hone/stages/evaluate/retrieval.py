"""The row "retrieval only": whether search in what people accepted is enough, without a model."""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from hone.errors import HoneError
from hone.records.dataset import prompt_in
from hone.records.evaluation import Contender
from hone.records.task import Task
from hone.rendering.messages import question_in
from hone.stages.evaluate.questions import frozen_answer, frozen_rows, prompt_text
from hone.workspace.open import Workspace

RETRIEVAL = "retrieval"
FILE = "retrieval.jsonl"
MOST_KNOWN = 20_000


class Known(NamedTuple):
    """What search may find, as the lines of a file, and what to know about it."""

    lines: str
    notes: list[str]


def retrieval_row() -> Contender:
    """The contender; its file is written when the questions are known."""
    return Contender(name=RETRIEVAL, generator="retrieval", options={"file": FILE})


def known_examples(
    ws: Workspace, task: Task, dataset: str | None, *, seed: int, avoid: Collection[str]
) -> Known:
    """The train split of a dataset, without what is asked; `avoid` are its ids and texts.

    Of more than 20,000 examples so many are drawn by the seed.
    """
    if dataset is None:
        return Known("", ["No row retrieval: there is no train split to look in."])
    try:
        manifest = ws.store.datasets.get(dataset)
    except HoneError as error:
        return Known("", [f"No row retrieval: {error.message}"])
    rows = _rows(ws.datasets / manifest.ref / "train.jsonl", task, avoid)
    drawn, total = _draw(rows, random.Random(seed))
    known = [one for one in drawn if _is_there(ws, one["id"])]
    if not known:
        return Known("", [f"No row retrieval: {manifest.ref} has no train answers."])
    notes: list[str] = []
    if total > MOST_KNOWN:
        notes.append(f"The row retrieval looks in {MOST_KNOWN:,} of {total:,} train examples.")
    return Known("".join(json.dumps(one) + "\n" for one in known), notes)


def _rows(file: Path, task: Task, avoid: Collection[str]) -> Iterator[dict[str, str]]:
    seen = set(avoid)
    for row in frozen_rows(file):
        answer = frozen_answer(task, row)
        prompt = prompt_in(row)
        if answer is None or {row["id"], prompt_text(prompt)} & seen:
            continue
        seen.add(row["id"])
        yield {"id": str(row["id"]), "text": question_in(prompt), "answer": answer}


def _draw(rows: Iterator[dict[str, str]], dice: random.Random) -> tuple[list[dict[str, str]], int]:
    """Up to so many rows in their order, each as likely as another, and how many there were.

    Vitter 1985, "Random Sampling with a Reservoir", algorithm R.
    """
    kept: list[tuple[int, dict[str, str]]] = []
    total = 0
    for place, row in enumerate(rows):
        total += 1
        if len(kept) < MOST_KNOWN:
            kept.append((place, row))
        elif (drawn := dice.randrange(total)) < MOST_KNOWN:
            kept[drawn] = (place, row)
    return [row for _, row in sorted(kept, key=lambda one: one[0])], total


def _is_there(ws: Workspace, example_id: str) -> bool:
    """Whether the example was not forgotten since the dataset was frozen."""
    try:
        ws.store.examples.task_of(example_id)
    except HoneError:
        return False
    return True
