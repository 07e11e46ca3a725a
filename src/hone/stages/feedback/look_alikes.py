"""Which untouched examples are like the corrected ones, and which of them training knows after all.

A look-alike is one of the nearest held-out examples of a correction that shares enough of its text
and is no near-duplicate or sibling of anything that trained. Likeness: Jaccard of pieces of five
characters, as near-duplicates are judged, only further apart.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from hone import shelf
from hone.records.example import Example
from hone.records.task import Task
from hone.workspace.open import Workspace

NEAREST = 5
LEAST_ALIKE = 0.2
"""Below it texts share no more than words that every text of the task has."""


class Likes(NamedTuple):
    """Correction -> its look-alikes, and the held-out examples that training knows."""

    of: dict[str, list[str]]
    leaked: set[str]

    @property
    def all(self) -> set[str]:
        """Every look-alike of any correction."""
        return {id for ids in self.of.values() for id in ids}


def look_alikes(
    ws: Workspace,
    task: Task,
    dataset: str,
    *,
    corrected: Collection[str],
    held_out: Collection[str],
) -> Likes:
    """The look-alikes among `held_out`; reads the examples of the task once.

    `dataset` is what the retrained model learned from: whatever its train split holds, nearly
    repeats or shares a group with is leaked and no look-alike.
    """
    training = {one.id for one in ws.store.datasets.members(dataset) if one.split == "train"}
    wanted = training | set(corrected) | set(held_out)
    found = {one.id: one for one in ws.store.examples.iterate(task=task.name) if one.id in wanted}
    trained = [found[id] for id in sorted(training & found.keys())]
    asked = [found[id] for id in sorted(set(held_out) & found.keys())]
    cut = ws.store.placements.cut_groups(task.name)
    leaked = _leaked(task, trained, asked, cut) | (training & set(held_out))
    clean = [one for one in asked if one.id not in leaked]
    rows = [found[id] for id in sorted(set(corrected) & found.keys())]
    text = _text_of(task)
    check = shelf.load("checks", "near_duplicate")
    near: list[list[tuple[int, float]]] = check.nearest(
        [text(one) for one in rows], [text(one) for one in clean], check.Options(), most=NEAREST
    )
    return Likes(
        {
            one.id: [clean[place].id for place, likeness in its if likeness >= LEAST_ALIKE]
            for one, its in zip(rows, near, strict=True)
        },
        leaked,
    )


def _leaked(
    task: Task, trained: Sequence[Example], asked: Sequence[Example], cut: Collection[str]
) -> set[str]:
    """The asked examples that training knows by the task's own rule of likeness, or by group.

    Groups that the dataset had to cut through stand on both sides, as its notes say.
    """
    kind = shelf.load("tasks", task.kind)
    is_exact = kind.DUPLICATE_RULE == "normalised"
    check = shelf.load("checks", "duplicate" if is_exact else "near_duplicate")
    text = _text_of(task)
    texts = [text(one) for one in (*trained, *asked)]
    matches: list[tuple[int, float] | None] = check.run(
        texts, check.Options(), references=len(trained)
    )
    groups = {one.group for one in trained if one.group and one.group not in cut}
    return {
        one.id
        for one, match in zip(asked, matches[len(trained) :], strict=True)
        if one.group in groups or (match is not None and match[0] < len(trained))
    }


def _text_of(task: Task):
    kind = shelf.load("tasks", task.kind)

    def text(example: Example) -> str:
        return str(kind.near_duplicate_text(task, example.input))

    return text
