"""Finds rows that repeat or nearly repeat each other, within a split and across splits."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple, get_args

from hone import shelf
from hone.records.task import Task
from hone.stages.doctor.report import Alike, Common, Likeness
from hone.stages.doctor.rows import Row, whole_text

Match = tuple[int, float] | None
SHOWN_PAIRS = 5
PASSES = 3
"""How often `find_alike` reads all rows."""


class Rows(NamedTuple):
    """Rows that can be read again and again, split after split, and how many each split has.

    `has_one_answer`: a question has one right answer here, not pairs or good and bad ones.
    """

    read: Callable[[], Iterator[Row]]
    counts: Mapping[str, int]
    has_one_answer: bool


class _Found(NamedTuple):
    """Two rows, by their places among all rows, and what they have in common."""

    what: Common
    later: int
    earlier: int
    similarity: float


def find_alike(rows: Rows, task: Task, built_with: float | None) -> Likeness:
    """Compare the questions of all rows, in the order of the splits.

    `built_with` is the threshold that the builder was given, if any; a looser one than usual does
    not hide what is alike. Greedy as the builder is: a row is compared with the earlier ones that
    repeat nothing.
    """
    near, exact = (shelf.load("checks", name) for name in ("near_duplicate", "duplicate"))
    is_jaccard = shelf.load("tasks", task.kind).DUPLICATE_RULE == "jaccard"
    options = near.Options()
    if built_with is not None:
        lowest = min(built_with, options.threshold) if is_jaccard else built_with
        options = near.Options(threshold=lowest)
    likeness = Likeness(
        rule="similar text" if is_jaccard or built_with is not None else "equal text",
        threshold=options.threshold,
        is_near_allowed=built_with is not None and built_with > options.threshold,
    )
    same_row: list[Match] = exact.run(map(whole_text, rows.read()), exact.Options())
    same_question: list[Match] = exact.run((r.question for r in rows.read()), exact.Options())
    nearly: list[Match] = near.run((row.question for row in rows.read()), options)
    found: list[_Found] = []
    places = _Places(rows.counts)
    for index, matches in enumerate(zip(same_row, same_question, nearly, strict=True)):
        what = _what(index, matches, places, has_one_answer=rows.has_one_answer)
        if what is not None:
            found.append(what)
    _count(likeness, found, places)
    likeness.pairs = _shown(found, places, rows)
    return likeness


class _Places:
    """Which split and row a place among all rows is."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._names = list(counts)
        self._ends = list(accumulate(counts.values()))

    def split(self, index: int) -> str:
        return self._names[bisect_right(self._ends, index)]


def _what(
    index: int, matches: tuple[Match, Match, Match], places: _Places, *, has_one_answer: bool
) -> _Found | None:
    """The worst that one row has in common with an earlier one."""
    same_row, same_question, nearly = matches
    split = places.split(index)
    if same_question is not None and places.split(same_question[0]) != split:
        return _Found("leaks", index, same_question[0], 1.0)
    if same_row is not None:
        return _Found("repeated", index, same_row[0], 1.0)
    if same_question is not None:
        # A question may well stand before several pairs, or before a good and a bad answer.
        return _Found("contradicting", index, same_question[0], 1.0) if has_one_answer else None
    if nearly is None:
        return None
    similarity = round(nearly[1], 4)
    if places.split(nearly[0]) != split:
        return _Found("near_leaks", index, nearly[0], similarity)
    return _Found("near", index, nearly[0], similarity) if has_one_answer else None


def _count(likeness: Likeness, found: Sequence[_Found], places: _Places) -> None:
    for one in found:
        split = places.split(one.later)
        key = f"{places.split(one.earlier)}/{split}" if "leaks" in one.what else split
        counts: dict[str, int] = getattr(likeness, one.what)
        counts[key] = counts.get(key, 0) + 1


def _shown(found: Sequence[_Found], places: _Places, rows: Rows) -> list[Alike]:
    """The first pairs of each kind in each split, the worst kinds first, with their rows' names."""
    first: dict[tuple[str, str], list[_Found]] = {}
    for one in found:
        some = first.setdefault((one.what, places.split(one.later)), [])
        if len(some) < SHOWN_PAIRS:
            some.append(one)
    order = get_args(Common).index
    chosen = sorted((one for some in first.values() for one in some), key=lambda f: order(f.what))
    wanted = {index for one in chosen for index in (one.later, one.earlier)}
    named = {
        index: (row.split, row.number, row.id)
        for index, row in enumerate(rows.read() if wanted else ())
        if index in wanted
    }
    return [
        Alike(
            what=one.what,
            split=named[one.later][0],
            row=named[one.later][1],
            id=named[one.later][2],
            other_split=named[one.earlier][0],
            other_row=named[one.earlier][1],
            other_id=named[one.earlier][2],
            similarity=one.similarity,
        )
        for one in chosen
    ]
