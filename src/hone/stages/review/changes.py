"""Tells what was decided since: cheap enough to ask twice a second."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from hone.errors import HoneError
from hone.records.review import OperationKind, Verdict
from hone.workspace.open import Workspace

MOST_OPERATIONS = 200
MOST_IDS = 50


class Change(NamedTuple):
    """One operation of the journal, with the first of the examples that it moved."""

    seq: int
    op_id: str
    kind: OperationKind
    verdict: Verdict | None
    reviewer: str
    at: datetime
    changed: int
    ids: list[str]
    has_more_ids: bool


class Changes(NamedTuple):
    """Where the journal and the examples stand, and the operations since; `is_cut`: too many."""

    seq: int
    position: int
    operations: list[Change]
    is_cut: bool


class Touched(NamedTuple):
    """The first of the examples that an operation moved."""

    ids: list[str]
    has_more: bool


def changes(ws: Workspace, after_seq: int | None) -> Changes:
    """Operations after a number of the journal; with None none, only where it stands now."""
    raise HoneError("Not built yet.")


def changed_by(ws: Workspace, op_id: str) -> Touched:
    """The examples that an operation moved; of an undo or redo, those of its target."""
    raise HoneError("Not built yet.")
