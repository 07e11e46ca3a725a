"""Finds what is like an example: the same again, nearly the same, and its group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hone import shelf
from hone.records.example import Example
from hone.records.task import Task
from hone.stages.review.decide import find_example
from hone.workspace.open import Workspace
from hone.workspace.store.likeness import telling_words

MOST_SAME = 20
MOST_NEAR = 20
MOST_OF_GROUP = 50
MOST_COMPARED = 300
# Long texts cost more to compare, so fewer of them are.
MOST_CHARACTERS = 3_000_000


class Near(NamedTuple):
    """An example that says nearly the same, and how nearly, 0 to 1."""

    example: Example
    similarity: float


class Similar(NamedTuple):
    """What is like an example; `has_more` where a list was cut."""

    same: list[Example]
    near: list[Near]
    group: list[Example]
    has_more: bool


def similar(ws: Workspace, example_id: str) -> Similar:
    """The same content again, what the task's rule calls a near-duplicate, and the same group.

    Near-duplicates are looked for among those that share rare words with the example, so one
    whose every rare word is another can be missed; building a dataset misses none.
    """
    example = find_example(ws, example_id)
    same = ws.store.likeness.same(example, limit=MOST_SAME + 1)
    group = ws.store.likeness.group(example, limit=MOST_OF_GROUP + 1)
    task = ws.tasks().get(example.task)
    near = [] if task is None else sorted(_near(ws, task, example), key=lambda one: -one.similarity)
    return Similar(
        same=same[:MOST_SAME],
        near=near[:MOST_NEAR],
        group=group[:MOST_OF_GROUP],
        has_more=len(same) > MOST_SAME or len(near) > MOST_NEAR or len(group) > MOST_OF_GROUP,
    )


def _near(ws: Workspace, task: Task, example: Example) -> Iterator[Near]:
    kind = shelf.load("tasks", task.kind)
    is_exact = kind.DUPLICATE_RULE == "normalised"
    check = shelf.load("checks", "duplicate" if is_exact else "near_duplicate")
    options = check.Options()
    least = 1.0 if is_exact else options.threshold
    text = kind.near_duplicate_text(task, example.input)
    read = 0
    for other in ws.store.likeness.sharing(example, telling_words(text), limit=MOST_COMPARED):
        other_text = kind.near_duplicate_text(task, other.input)
        read += len(text) + len(other_text)
        if read > MOST_CHARACTERS:
            return
        if other.fingerprint != example.fingerprint:
            likeness = check.similarity(text, other_text, options)
            if likeness >= least:
                yield Near(other, round(likeness, 4))
