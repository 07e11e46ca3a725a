"""A window on what fits: from its start, behind or before a cursor, or around an example."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from hone.records.choice import Span
from hone.records.example import Example
from hone.workspace.store import tallies
from hone.workspace.store.filters import Filter
from hone.workspace.store.orders import Key, cursor_of, key_of_cursor, key_of_example
from hone.workspace.store.rows import fetch
from hone.workspace.store.walks import Walk, count_up_to, keys

# What stands before or behind a window is counted no further, so that it costs the same anywhere.
MOST_COUNTED = 50_000


class Window(NamedTuple):
    """Examples in the asked order, the counts beside them, and the cursors at both ends."""

    items: list[Example]
    counters: dict[str, int]
    first: str | None
    last: str | None
    has_before: bool
    has_after: bool
    place: int | None = None


class _Found(NamedTuple):
    keys: list[Key]
    has_before: bool
    has_after: bool


def window(connection: Connection, wanted: Filter, span: Span) -> Window:
    """The window that a span asks for; it reads its own rows and one more on each side."""
    found = _found(connection, wanted, span)
    ends = (found.keys[0], found.keys[-1]) if found.keys else None
    return Window(
        items=fetch(connection, [key.position for key in found.keys]),
        counters=tallies.counters(connection, wanted.task),
        first=cursor_of(span.order, ends[0]) if ends else None,
        last=cursor_of(span.order, ends[1]) if ends else None,
        has_before=found.has_before,
        has_after=found.has_after,
        place=_place(connection, wanted, span, found) if ends else 0,
    )


def _place(connection: Connection, wanted: Filter, span: Span, found: _Found) -> int | None:
    """How many fit before the window; None where only a walk past very many could tell."""
    if not found.has_before:
        return 0
    if span.around is None or span.order not in ("file", "newest") or not wanted.is_tallied:
        return None
    begin = found.keys[0]
    before = Walk(span.order, begin, is_backward=True)
    place = count_up_to(connection, wanted, before, MOST_COUNTED)
    if place is None:
        onward = Walk(span.order, begin, is_inclusive=True)
        rest = count_up_to(connection, wanted, onward, MOST_COUNTED)
        if rest is not None:
            counted = tallies.counters(connection, wanted.task)
            place = sum(counted[status] for status in wanted.status or counted) - rest
    return place


def _found(connection: Connection, wanted: Filter, span: Span) -> _Found:
    def look(start: Key | None, *, back: bool, at: bool = False, limit: int) -> list[Key]:
        return list(keys(connection, wanted, Walk(span.order, start, back, at, limit)))

    more = span.limit + 1
    if span.around is not None:
        middle = key_of_example(connection, span.order, span.around)
        behind = look(middle, back=False, at=True, limit=more)
        ahead = look(middle, back=True, limit=more)
        return _around(ahead, behind, span.limit)
    if span.before is not None:
        start = key_of_cursor(span.order, span.before)
        ahead = look(start, back=True, limit=more)
        is_more = bool(look(start, back=False, at=True, limit=1))
        return _Found(ahead[: span.limit][::-1], len(ahead) == more, is_more)
    if span.after is not None:
        start = key_of_cursor(span.order, span.after)
        behind = look(start, back=False, limit=more)
        is_more = bool(look(start, back=True, at=True, limit=1))
        return _Found(behind[: span.limit], is_more, len(behind) == more)
    behind = look(None, back=False, limit=more)
    return _Found(behind[: span.limit], False, len(behind) == more)


def _around(ahead: list[Key], behind: list[Key], limit: int) -> _Found:
    """As many on both sides; near an end the other side fills the window."""
    first = min(len(ahead), max(limit // 2, limit - len(behind)))
    last = limit - first
    return _Found([*ahead[:first][::-1], *behind[:last]], len(ahead) > first, len(behind) > last)
