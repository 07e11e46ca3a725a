"""Promotes a test example: it leaves every val and test split for ever, with its siblings.

Who did it, when and why stands in the journal. From then on the example may be corrected and its
correction may train; a fresh one takes its place in the next version of each dataset.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hone import shelf
from hone.errors import Conflict, InvalidInput
from hone.records.example import Example
from hone.records.flag import Promotion as Journalled
from hone.records.task import Task
from hone.workspace.open import Workspace


class Planned(NamedTuple):
    """What would leave its split: the example, its siblings; by dataset how many each split loses.

    `is_begun`: it was journalled before, and only new versions of these datasets are owed.
    """

    example: Example
    siblings: list[str]
    lost: dict[str, dict[str, int]]
    is_begun: bool = False


class Promotion(NamedTuple):
    """What left, and the version of each dataset in which fresh examples take its place."""

    example: Example
    siblings: list[str]
    versions: dict[str, str]
    notes: list[str]


def plan_promotion(ws: Workspace, example_id: str, *, note: str) -> Planned:
    """What would leave all test sets: an example, its group there, and its near-duplicates there.

    InvalidInput where it is in none, or where nobody says why; Conflict where it left them all.
    """
    example = ws.store.examples.get(example_id)
    before = [one for one in ws.store.promotions.list() if one.because_of == example.id]
    if before:
        return _unfinished(ws, example, before)
    if example.id not in ws.store.placements.tested_splits(example.task):
        raise InvalidInput(
            f"{example.id} stands in no val or test split: it can be corrected as it is.",
            hint=f"hone flags resolve {example.id}",
        )
    if not note.strip():
        raise InvalidInput(
            "A promotion is for ever and needs a reason.",
            hint=f"hone flags promote {example.id} --note WHY",
        )
    siblings = _siblings(ws, ws.task(example.task), example)
    return Planned(example, siblings, _lost(ws, example.task, [example.id, *siblings]))


def promote(ws: Workspace, planned: Planned, *, reviewer: str, note: str) -> list[Journalled]:
    """Journals it, for ever; gives what is new in the journal."""
    if planned.is_begun:
        return []
    return ws.store.promotions.promote(
        planned.example.id, planned.siblings, reviewer=reviewer, note=note.strip()
    )


def _unfinished(ws: Workspace, example: Example, before: Sequence[Journalled]) -> Planned:
    leaving = [one.example_id for one in before]
    lost = _lost(ws, example.task, leaving)
    if not lost:
        raise Conflict(f"{example.id} was promoted before.", hint="hone flags list")
    siblings = [id for id in leaving if id != example.id]
    return Planned(example, siblings, lost, is_begun=True)


def _siblings(ws: Workspace, task: Task, example: Example) -> list[str]:
    """Tested examples of the same group, and those that say nearly the same."""
    kind = shelf.load("tasks", task.kind)
    is_exact = kind.DUPLICATE_RULE == "normalised"
    check = shelf.load("checks", "duplicate" if is_exact else "near_duplicate")
    options = check.Options()
    least = 1.0 if is_exact else options.threshold
    text = kind.near_duplicate_text(task, example.input)
    # A group that had to be cut through protects nothing: its other examples train already.
    group = example.group
    if group is not None and group in ws.store.placements.cut_groups(task.name):
        group = None
    found: list[str] = []
    for one, _ in ws.store.placements.tested(task.name):
        if one.id == example.id:
            continue
        is_of_group = group is not None and one.group == group
        other = kind.near_duplicate_text(task, one.input)
        if is_of_group or check.similarity(text, other, options) >= least:
            found.append(one.id)
    return found


def _lost(ws: Workspace, task: str, leaving: list[str]) -> dict[str, dict[str, int]]:
    """The newest version of each dataset that tests some of them -> split -> how many."""
    newest = {one.name: one for one in ws.store.datasets.list() if one.task == task}
    found: dict[str, dict[str, int]] = {}
    for manifest in newest.values():
        if manifest.is_control:
            continue
        counted: dict[str, int] = {}
        for member in ws.store.placements.among(manifest.ref, leaving).values():
            if member.split in ("val", "test"):
                counted[member.split] = counted.get(member.split, 0) + 1
        if counted:
            found[manifest.ref] = counted
    return found
