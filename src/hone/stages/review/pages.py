"""Pages of a choice in the order that was asked for; every page costs the same."""

from __future__ import annotations

from typing import NamedTuple

from hone.records.choice import Choice, Span
from hone.records.example import Example
from hone.stages.review.repeats import with_repeats
from hone.workspace.open import Workspace
from hone.workspace.store import Filter


class Page(NamedTuple):
    """Examples in the asked order, the counts beside them, and the cursors at both ends.

    `place` is how many stand before them, where that is cheap to count.
    """

    items: list[Example]
    counters: dict[str, int]
    total: int
    first: str | None
    last: str | None
    has_before: bool
    has_after: bool
    place: int | None = None


def page(
    ws: Workspace,
    choice: Choice | None = None,
    span: Span | None = None,
    *,
    repeats_for: str | None = None,
) -> Page:
    """A page of the examples that are meant; `counters` and `total` are those of the task.

    With `repeats_for` a page of the plain pending queue also holds that reviewer's blind repeats,
    as many as `review.repeat_share` says: examples they decided before, which look undecided.
    """
    choice, span = choice or Choice(), span or Span()
    if span.around is not None:
        anchor = ws.store.repeats.anchor_of(span.around)
        span = span if anchor is None else span.model_copy(update={"around": anchor})
    share = ws.config.review.repeat_share
    is_plain_queue = choice == Choice(status=["pending"], task=choice.task)
    # Where nothing can be decided, nothing is asked again.
    reviewer = repeats_for if is_plain_queue and not ws.store.is_read_only else None
    limit = span.limit
    if reviewer is not None:
        span = span.model_copy(update={"limit": max(1, limit - round(limit * share))})
    found = ws.store.examples.window(Filter.chosen(choice), span)
    items = found.items
    if reviewer is not None and share > 0:
        items = with_repeats(ws, reviewer, items, most=limit - len(items))
    return Page(
        items=items,
        counters=found.counters,
        total=sum(found.counters.values()),
        first=found.first,
        last=found.last,
        has_before=found.has_before,
        has_after=found.has_after,
        place=found.place,
    )


def counters(ws: Workspace, task: str | None = None) -> dict[str, int]:
    """How many examples stand in each status, every status named; kept, not counted."""
    return ws.store.examples.counters(task)
