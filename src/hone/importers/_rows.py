"""What every importer yields: rows, refusals, what was left out, and notes on how it was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

MAX_ROW_CHARACTERS = 8_000_000
"""A larger row or cell is refused unread: one cell must not decide how much memory is needed."""
MAX_DEPTH = 64
"""Deeper nesting is refused: nothing people write nests so deep, and later code may recurse."""
KEPT_CHARACTERS = 100_000
"""How much of a refused row that was too large to read is kept."""

RefusalKind = Literal["refused", "comment", "broken"]


class RawRow(NamedTuple):
    """One record of a file, before anybody says what its columns mean."""

    fields: dict[str, Any]
    row: int
    line: int | None = None
    part: str = ""
    origin: Mapping[str, str] | None = None
    """What else is known of where it is from: becomes part of the example's origin."""


class Refusal(NamedTuple):
    """A record that was not taken, and why; `broken` means nothing after it could be read."""

    reason: str
    row: int | None = None
    line: int | None = None
    content: Any = None
    kind: RefusalKind = "refused"
    hint: str = ""


class Note(NamedTuple):
    """How the file was read, for people: encoding, delimiter, renamed columns."""

    text: str


class LeftOut(NamedTuple):
    """A record that is no example by its nature: counted by reason, kept nowhere."""

    reason: str


Read = RawRow | Refusal | Note | LeftOut
Rows = Iterator[Read]


class RowUnfit(Exception):
    """Raised while one row is turned into an example; it becomes a refusal."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
