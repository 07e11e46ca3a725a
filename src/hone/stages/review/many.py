"""Decides many examples at once: what was shown, as one operation that is undone as one."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from hone.errors import HoneError
from hone.records.choice import Choice
from hone.records.review import Receipt, Verdict
from hone.stages.review.decide import new_op_id
from hone.workspace.open import Workspace
from hone.workspace.store import Filter

PENDING = ("pending",)


class Preview(NamedTuple):
    """How many examples would be decided, and the state of the store that was counted in."""

    count: int
    snapshot: str


class BulkDecision(BaseModel):
    """What a reviewer asks for about many examples; applied once however often it is sent."""

    model_config = ConfigDict(extra="forbid")

    op_id: str = Field(description="unique, chosen by the sender")
    verdict: Verdict = Field(description="anything but edit")
    choice: Choice = Field(description="which examples")
    reviewer: str = Field(description="who decides")
    expected_count: int | None = Field(None, description="the number that was shown")
    snapshot: str | None = Field(None, description="that of the preview")
    note: str | None = Field(None, description="why")


def preview_bulk(ws: Workspace, verdict: Verdict, choice: Choice) -> Preview:
    """How many examples `decide_many` would decide; accept leaves out those without an answer."""
    raise HoneError("Not built yet.")


def decide_many(ws: Workspace, asked: BulkDecision) -> Receipt:
    """Decides every example that is meant, as one operation that is undone as one.

    With the snapshot of a preview nothing is decided that was not shown: examples that came
    later or that somebody touched since are left alone, and the receipt counts them in `kept`.
    Where more fit than were shown, nothing is decided and the receipt is a conflict.
    """
    raise HoneError("Not built yet.")


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
