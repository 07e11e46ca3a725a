"""How one text becomes another, word by word, as screens and terminals show it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from rapidfuzz.distance import Indel

Mark = Literal["=", "-", "+"]
# Longer differing parts are compared line by line, and where that is too much too, not at all:
# the work grows with the product of both lengths.
MOST_PIECES = 10_000
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


def word_diff(first: str, second: str) -> list[tuple[Mark, str]]:
    """How one text becomes the other, in whole words, few pieces and bounded time."""
    found: list[tuple[Mark, str]] = []
    gone = new = ""
    for mark, text in _pieces(_WORDS.findall(first), _WORDS.findall(second)):
        # A space between two changed words belongs to the change: fewer, longer pieces.
        is_between = bool(gone or new) and text.isspace()
        if mark == "=" and not is_between:
            found += _changed(gone, new)
            found.append((mark, text))
            gone = new = ""
        else:
            gone += text if mark != "+" else ""
            new += text if mark != "-" else ""
    return _joined([*found, *_changed(gone, new)])


def _pieces(left: list[str], right: list[str]) -> Iterator[tuple[Mark, str]]:
    head = _shared(left, right)
    tail = _shared(left[head:][::-1], right[head:][::-1])
    yield "=", "".join(left[:head])
    old, new = left[head : len(left) - tail], right[head : len(right) - tail]
    if max(len(old), len(new)) > MOST_PIECES:
        old, new = ("".join(one).splitlines(keepends=True) for one in (old, new))
    if max(len(old), len(new)) > MOST_PIECES:
        old, new = ["".join(old)], ["".join(new)]
    for step in Indel.opcodes(old, new):
        if step.tag == "insert":
            yield "+", "".join(new[step.dest_start : step.dest_end])
        else:
            mark: Mark = "=" if step.tag == "equal" else "-"
            yield mark, "".join(old[step.src_start : step.src_end])
    yield "=", "".join(right[len(right) - tail :])


def _shared(left: Sequence[str], right: Sequence[str]) -> int:
    """How many words both begin with."""
    different = (place for place, (a, b) in enumerate(zip(left, right, strict=False)) if a != b)
    return next(different, min(len(left), len(right)))


def _changed(gone: str, new: str) -> list[tuple[Mark, str]]:
    """A change; the space that both sides end with is none."""
    end = 0
    while end < min(len(gone), len(new)) and gone[-1 - end] == new[-1 - end] == " ":
        end += 1
    return [
        ("-", gone[: len(gone) - end]),
        ("+", new[: len(new) - end]),
        ("=", gone[len(gone) - end :]),
    ]


def _joined(pieces: Sequence[tuple[Mark, str]]) -> list[tuple[Mark, str]]:
    found: list[tuple[Mark, str]] = []
    for mark, text in pieces:
        if found and found[-1][0] == mark:
            found[-1] = (mark, found[-1][1] + text)
        elif text:
            found.append((mark, text))
    return found
