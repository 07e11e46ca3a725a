"""Decides many examples at once: what was shown, as one operation that is undone as one."""

from __future__ import annotations

from hone.records.review import Receipt
from hone.stages.review.decide import new_op_id
from hone.workspace.open import Workspace
from hone.workspace.store import Filter

PENDING = ("pending",)


def count_acceptable(ws: Workspace, *, task: str | None = None) -> int:
    """How many pending examples `accept_all` would accept: the number to ask about."""
    return ws.store.journal.count_bulk("accept", Filter(status=PENDING, task=task))


def accept_all(
    ws: Workspace,
    *,
    reviewer: str,
    expected_count: int | None,
    task: str | None = None,
    op_id: str | None = None,
) -> Receipt:
    """Accepts the first suggestion of every pending example, as one operation.

    Where another number than the one that was shown is pending by now, nothing is accepted and
    the receipt is a conflict. Examples without a suggestion stay pending.
    """
    wanted = Filter(status=PENDING, task=task)
    name = op_id or new_op_id()
    return ws.store.journal.bulk(name, "accept", wanted, reviewer, expected_count)
