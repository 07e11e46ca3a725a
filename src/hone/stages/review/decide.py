"""Decide, take back and repeat, one example at a time; answered after the commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from uuid import uuid4

from hone import shelf
from hone.errors import NotFound
from hone.records.example import Example
from hone.records.review import Decision, Operation, Receipt
from hone.records.task import Task
from hone.workspace.open import Workspace


def find_example(ws: Workspace, example_id: str) -> Example:
    """One example as it stands; NotFound where there is none.

    A blind repeat is found by the id that it is shown under, and looks undecided.
    """
    try:
        return ws.store.examples.get(example_id)
    except NotFound:
        repeated = ws.store.repeats.find(example_id)
        if repeated is None:
            raise
        return repeated


def decide(ws: Workspace, decisions: Sequence[Decision]) -> list[Receipt]:
    """Journals decisions in one transaction; a receipt for each, in order.

    An answer that does not fit the task is refused, as is an accept where nothing was suggested;
    the receipt says why and the other decisions are applied all the same. A decision about a
    blind repeat changes no example: it is compared with the one of then.
    """
    aliases = ws.store.repeats.among(one.example_id for one in decisions)
    reasons = _unfit(ws, decisions, aliases)
    sound = [one for place, one in enumerate(decisions) if place not in reasons]
    receipts = iter(_journalled(ws, sound, aliases))
    return [
        Receipt(op_id=one.op_id, outcome="refused", reason=reasons[place])
        if place in reasons
        else next(receipts)
        for place, one in enumerate(decisions)
    ]


def undo(
    ws: Workspace, *, reviewer: str, target: str | None = None, op_id: str | None = None
) -> Receipt:
    """Takes back the named operation, or the reviewer's newest that stands."""
    name = op_id or new_op_id()
    of_repeat = ws.store.repeats.undo(name, reviewer=reviewer, target=target)
    return of_repeat or ws.store.journal.undo(name, reviewer=reviewer, target=target)


def redo(
    ws: Workspace, *, reviewer: str, target: str | None = None, op_id: str | None = None
) -> Receipt:
    """Repeats the named operation, or what the reviewer's newest undo took back."""
    name = op_id or new_op_id()
    of_repeat = ws.store.repeats.redo(name, reviewer=reviewer, target=target)
    return of_repeat or ws.store.journal.redo(name, reviewer=reviewer, target=target)


def history(ws: Workspace, example_id: str) -> list[Operation]:
    """What was decided about an example, oldest first; of a blind repeat nothing is told."""
    if ws.store.repeats.among([example_id]):
        return []
    return ws.store.journal.history(example_id)


def new_op_id() -> str:
    """A name for an operation that nobody else uses."""
    return uuid4().hex


def _journalled(
    ws: Workspace, decisions: Sequence[Decision], aliases: Mapping[str, str]
) -> list[Receipt]:
    if not aliases:
        return ws.store.journal.decide(decisions)
    receipts: list[Receipt] = []
    # In turns, so that an undo finds the newest of both kinds.
    for is_repeat, some in groupby(decisions, key=lambda one: one.example_id in aliases):
        if is_repeat:
            receipts += map(ws.store.repeats.decide, some)
        else:
            receipts += ws.store.journal.decide(list(some))
    return receipts


def _unfit(
    ws: Workspace, decisions: Sequence[Decision], aliases: Mapping[str, str]
) -> dict[int, str]:
    """Which answers do not fit their task, by place, with the reason."""
    reasons: dict[int, str] = {}
    known: dict[str, Task] = {}
    for place, one in enumerate(decisions):
        if one.verdict not in ("edit", "accept") or one.output is None:
            continue
        try:
            name = ws.store.examples.task_of(aliases.get(one.example_id, one.example_id))
        except NotFound:
            continue  # the journal answers that it is missing
        known = known or ws.tasks()
        if name in known:
            task = known[name]
            problems = shelf.load("tasks", task.kind).output_problems(task, one.output)
            if problems:
                reasons[place] = f"the answer does not fit: {' '.join(problems)}"
    return reasons
