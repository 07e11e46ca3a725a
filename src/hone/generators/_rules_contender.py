"""The rules of a task as a contender beside models."""

from __future__ import annotations

from pathlib import Path

from hone import shelf
from hone.records.evaluation import Contender
from hone.records.task import Task


def rules_contender(root: Path, task: Task) -> Contender | None:
    """None where the task names no rules; every mistake in its rules file is said now.

    `root` is the folder that the task's `rules:` is relative to.
    """
    if task.rules is None or task.kind != "extract":
        return None
    file = root / task.rules
    shelf.load("generators", "rules").load_rules(file, task)
    # The task stands once in the order that the worker gets.
    return Contender(name="rules", generator="rules", options={"file": str(file)})
