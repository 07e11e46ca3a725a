"""Tells what was decided since: cheap enough to ask twice a second."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from hone.records.review import OperationKind, Verdict
from hone.workspace.open import Workspace
from hone.workspace.store.feed import News

MOST_OPERATIONS = 200
MOST_IDS = 50
MOST_TOUCHED = 200


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
    """Operations after a number of the journal; with None none, only where it stands now.

    `position` rises where examples were imported. A number that the journal has not reached (the
    store was replaced) counts as cut, like more operations than are told.
    """
    if after_seq is None:
        return Changes(*ws.store.feed.ends(), operations=[], is_cut=False)
    limit = MOST_OPERATIONS + 1
    ends, news = ws.store.feed.since(after_seq, limit=limit, most_ids=MOST_IDS)
    is_cut = len(news) > MOST_OPERATIONS or after_seq > ends[0]
    return Changes(
        *ends, operations=[_change(one) for one in news[:MOST_OPERATIONS]], is_cut=is_cut
    )


def changed_by(ws: Workspace, op_id: str) -> Touched:
    """The first 200 examples that an operation is about; an undo or redo: those of its target."""
    alias = ws.store.repeats.about(op_id)
    if alias is not None:
        return Touched([alias], has_more=False)
    found = ws.store.feed.about(op_id, most_ids=MOST_TOUCHED)
    return Touched(found.ids, found.has_more)


def _change(news: News) -> Change:
    row = news.row
    return Change(
        seq=row.seq,
        op_id=row.op_id,
        kind=row.kind,
        verdict=row.verdict,
        reviewer=row.reviewer,
        at=datetime.fromisoformat(row.at),
        changed=row.changed,
        ids=news.ids,
        has_more_ids=news.has_more,
    )
