"""Decides many examples at once: what was shown, as one operation that is undone as one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from hone.errors import InvalidInput
from hone.records.choice import Choice
from hone.records.review import Receipt, Verdict
from hone.stages.review.decide import new_op_id
from hone.workspace.open import Workspace
from hone.workspace.store import Bulk, Filter, Snapshot

PENDING = ("pending",)
_SNAPSHOT = re.compile(r"(\d{1,18})-(\d{1,18})", re.ASCII)


@dataclass(frozen=True)
class Preview:
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
    expected_count: int | None = Field(default=None, description="the number that was shown")
    snapshot: str | None = Field(default=None, description="that of the preview")
    note: str | None = Field(default=None, description="why")


def preview_bulk(ws: Workspace, verdict: Verdict, choice: Choice) -> Preview:
    """How many examples `decide_many` would decide; accept leaves out those without an answer."""
    count, snapshot = ws.store.journal.preview_bulk(verdict, Filter.chosen(choice))
    return Preview(count, f"{snapshot.seq}-{snapshot.position}")


def decide_many(ws: Workspace, asked: BulkDecision) -> Receipt:
    """Decides every example that is meant, as one operation that is undone as one.

    With the snapshot of a preview nothing is decided that was not shown: examples that came
    later or that somebody touched since are left alone, and the receipt counts them in `kept`.
    Where more fit than were shown, nothing is decided and the receipt is a conflict.
    """
    bulk = Bulk(
        asked.verdict,
        Filter.chosen(asked.choice),
        asked.expected_count,
        _snapshot(asked.snapshot),
        asked.note,
    )
    return ws.store.journal.decide_many(asked.op_id, bulk, reviewer=asked.reviewer)


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


def _snapshot(written: str | None) -> Snapshot | None:
    if written is None:
        return None
    found = _SNAPSHOT.fullmatch(written)
    if found is None:
        raise InvalidInput(
            f'"{written[:80]}" is no snapshot.', hint="Take the one that the preview gave."
        )
    return Snapshot(int(found[1]), int(found[2]))
