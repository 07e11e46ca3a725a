"""Lets the rules of a task propose the fields of messages that bring none of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hone import shelf
from hone.importers._column_map import ColumnMap
from hone.importers._forms import Draft
from hone.importers._readers import Proposal
from hone.records.task import Task
from hone.workspace.open import Workspace

AGENT = "rules"
Propose = Callable[[Draft], Draft]


def rules_for(ws: Workspace, task: Task, columns: ColumnMap) -> Path | None:
    """The rules to ask; None where the file brings fields, or the task names no rules.

    HoneError where the rules file is missing or wrong, with every mistake in it.
    """
    brings_fields = "slots" in columns.columns or any(
        name in columns.columns for name in task.fields
    )
    if task.rules is None or columns.shape != "slots" or columns.question or brings_fields:
        return None
    file = ws.root / task.rules
    shelf.load("generators", "rules").load_rules(file, task)
    return file


def note_of(rules: Path | None, task: Task) -> list[str]:
    """What people should know about it."""
    return [] if rules is None else [f"fields are proposed by {task.rules}"]


def proposing(rules: Path | None, task: Task) -> Propose:
    """A function that fills in what rules find in a message that nothing was proposed for."""
    if rules is None:
        return lambda draft: draft
    # Read once: a rules file takes longer to read than most messages to answer.
    asked = shelf.load("generators", "rules").load_rules(rules, task)

    def propose(draft: Draft) -> Draft:
        if draft.proposals:
            return draft
        output = asked.propose(str(draft.input["message"]))
        if output is None:
            return draft
        return draft._replace(proposals=[Proposal(output)], agent=AGENT)

    return propose
