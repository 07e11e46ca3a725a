"""A review: what a person said of an example; the journal's operations."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from hone.records.example import Example, Status

Verdict = Literal["accept", "reject", "edit", "skip", "flag", "unknown", "reset"]
OperationKind = Literal["decide", "bulk", "undo", "redo"]
Outcome = Literal["applied", "duplicate", "conflict", "missing", "refused"]

STATUS_OF: dict[Verdict, Status] = {
    "accept": "accepted",
    "reject": "rejected",
    "edit": "edited",
    "skip": "skipped",
    "flag": "flagged",
    "unknown": "unknown",
    "reset": "pending",
}


class Decision(BaseModel):
    """What a reviewer asks for; applied once however often it is sent."""

    model_config = ConfigDict(extra="forbid")

    op_id: str = Field(description="unique, chosen by the sender")
    example_id: str
    verdict: Verdict
    reviewer: str
    base_version: int | None = Field(None, description="the version the reviewer saw; None: any")
    output: Any = Field(None, description="edit: the new one; accept: if not the first")
    note: str | None = None


class Operation(BaseModel):
    """One row of the journal; never changed, never deleted."""

    model_config = ConfigDict(extra="forbid")

    seq: int
    op_id: str
    kind: OperationKind
    at: datetime
    reviewer: str
    verdict: Verdict | None = None
    example_id: str | None = None
    old_output: Any = None
    new_output: Any = None
    note: str | None = None
    members: list[tuple[int, int]] | None = Field(
        None, description="bulk: inclusive ranges of positions"
    )
    target: str | None = Field(
        default=None, description="undo, redo: the op_id it takes back or repeats"
    )
    changed: int = Field(default=0, description="examples that stood differently afterwards")
    undone_by: str | None = Field(
        default=None, description="the undo that now holds it back, if any"
    )


class Receipt(BaseModel):
    """The answer to one decision, given after the commit."""

    op_id: str
    outcome: Outcome
    version: int | None = Field(default=None, description="of the example, after the operation")
    changed: int = Field(default=0, description="examples that now stand differently")
    kept: int = Field(
        default=0, description="undo, redo: examples left alone, a later decision stands"
    )
    reason: str = Field(default="", description="why it was refused, or what to know about it")


class Reviewed(NamedTuple):
    """An example with the output that a person had before them when they decided.

    `shown` is what an edited example said before anybody rewrote it, or what was rejected. It is
    None where nothing had been suggested, and for every other status. `answered` are texts of
    models that a person corrected when the example was flagged.
    """

    example: Example
    shown: Any = None
    answered: tuple[str, ...] = ()
