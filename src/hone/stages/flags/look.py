"""Opens a flag: what was expected and what came, word by word, and what it learned from."""

from __future__ import annotations

from typing import Any, NamedTuple

from hone import shelf
from hone.errors import HoneError
from hone.records.example import Example
from hone.records.flag import Flag, Neighbour, Resolution
from hone.rendering.messages import messages_of
from hone.rendering.word_diff import Mark, word_diff
from hone.stages.flags.answers import is_of_split
from hone.workspace.open import Workspace
from hone.workspace.store.likeness import telling_words

MOST_NEIGHBOURS = 5
MOST_COMPARED = 300
LEAST_SIMILAR = 0.05


class Opened(NamedTuple):
    """A flag with the examples of the training set that are like it, and what was ever said."""

    flag: Flag
    dataset: str | None
    neighbours: list[Neighbour]
    history: list[Resolution]
    asked: str
    """What was asked, as people read it."""
    expected_output: Any
    got_output: Any
    """Both answers as the task has them, to be edited; None where one cannot be read."""
    diff: list[tuple[Mark, str]]
    """From the expected answer to the one that came, by words."""


def open_flag(ws: Workspace, flag: Flag) -> Opened:
    """The flag, its neighbours in the set that its model was trained on, and its history.

    Neighbours are looked for among the examples that share rare words with the flagged one; each
    stands there with the answer that it has now.
    """
    dataset = _dataset(ws, flag)
    neighbours = [] if dataset is None else _neighbours(ws, flag, dataset)
    task = ws.task(flag.task)
    kind = shelf.load("tasks", task.kind)
    messages = messages_of(task, flag.input, context=[], answer=None)
    return Opened(
        flag=flag,
        dataset=dataset,
        neighbours=neighbours,
        history=ws.store.flags.history(flag.id),
        asked=messages[-1]["content"],
        expected_output=kind.parse(task, flag.expected),
        got_output=kind.parse(task, flag.got),
        diff=word_diff(flag.expected, flag.got),
    )


def _dataset(ws: Workspace, flag: Flag) -> str | None:
    """What the model was trained on; of a base, the dataset that it was evaluated on."""
    try:
        return ws.store.models.get(flag.model).model.dataset
    except HoneError:
        return flag.on.partition("/")[0] if is_of_split(flag.on) else None


def _neighbours(ws: Workspace, flag: Flag, dataset: str) -> list[Neighbour]:
    task = ws.task(flag.task)
    kind = shelf.load("tasks", task.kind)
    check = shelf.load("checks", "near_duplicate")
    text = kind.near_duplicate_text(task, flag.input)
    fields = {"id": flag.id, "task": task.name, "input": flag.input, "fingerprint": ""}
    itself = Example.model_validate(fields)
    candidates = [
        one
        for one in ws.store.likeness.sharing(itself, telling_words(text), limit=MOST_COMPARED)
        if one.id != flag.id
    ]
    placed = ws.store.placements.among(dataset, (one.id for one in candidates))
    training = [one for one in candidates if one.id in placed and placed[one.id].split == "train"]
    options = check.Options()
    found: list[Neighbour] = []
    for one in training:
        asked = kind.near_duplicate_text(task, one.input)
        likeness = check.similarity(text, asked, options)
        if likeness < LEAST_SIMILAR or kind.output_problems(task, one.output):
            continue
        found.append(
            Neighbour(
                id=one.id,
                similarity=round(likeness, 4),
                asked=asked,
                answer=kind.answer_text(task, one.output),
                note=one.note,
            )
        )
    return sorted(found, key=lambda one: (-one.similarity, one.id))[:MOST_NEIGHBOURS]
