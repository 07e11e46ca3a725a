"""The row "predict the mean": what needs no model, and what every model of scores must beat."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hone import shelf
from hone.errors import HoneError
from hone.records.evaluation import Contender
from hone.records.task import Task
from hone.stages.evaluate.questions import frozen_answer, frozen_rows
from hone.workspace.open import Workspace

MEAN = "mean"
DIGITS = 6


class MeanRow(NamedTuple):
    """The contender, or why there is none."""

    contender: Contender | None
    note: str = ""


def mean_row(ws: Workspace, task: Task, dataset: str | None) -> MeanRow:
    """Each dimension's mean over the training labels of a dataset's version, as one answer."""
    if dataset is None:
        return MeanRow(None, "No row mean: there is no train split to take the mean of.")
    try:
        manifest = ws.store.datasets.get(dataset)
    except HoneError as error:
        return MeanRow(None, f"No row mean: {error.message}")
    totals, count = dict.fromkeys(task.dimensions, 0.0), 0
    for labels in _labels(ws.datasets / manifest.ref / "train.jsonl", task):
        count += 1
        for name in task.dimensions:
            totals[name] += labels[name]
    if not count:
        return MeanRow(None, f"No row mean: {manifest.ref} has no train labels.")
    means = {name: round(total / count, DIGITS) for name, total in totals.items()}
    text = json.dumps(means, ensure_ascii=False)
    return MeanRow(Contender(name=MEAN, generator="constant", options={"text": text}))


def _labels(file: Path, task: Task) -> Iterator[dict[str, float]]:
    kind = shelf.load("tasks", task.kind)
    for row in frozen_rows(file):
        answer = frozen_answer(task, row)
        output = kind.parse(task, answer) if answer is not None else None
        if output is not None and all(name in output["labels"] for name in task.dimensions):
            yield output["labels"]
