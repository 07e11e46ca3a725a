"""Model text as records that can be compared, and which record answers to which."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any, NoReturn

# A record: its fields as (name, comparable value).
Record = frozenset[tuple[str, Hashable]]

LARGEST_OPTIMAL = 64


@dataclass(frozen=True)
class Bounds:
    """What a text may be, and how its values compare."""

    max_characters: int
    max_depth: int
    max_records: int
    casefold: bool
    null_is_absent: bool

    def without_size(self) -> Bounds:
        """The same comparison for a trusted text."""
        return replace(self, max_characters=1 << 62, max_depth=200, max_records=1 << 62)


@dataclass
class Invalid:
    """Why a text was not read."""

    reason: str = ""


def read_records(text: str, bounds: Bounds, why: Invalid | None = None) -> list[Record] | None:
    """The records of strict JSON (an object is a list of one), or None, whatever the text holds."""
    why = why or Invalid()
    if len(text) > bounds.max_characters:
        why.reason = f"longer than {bounds.max_characters} characters"
        return None
    if _is_deeper(text, bounds.max_depth):
        why.reason = f"nested deeper than {bounds.max_depth}"
        return None
    try:
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        why.reason = str(error)
        return None
    records = value if isinstance(value, list) else [value]
    if not all(isinstance(record, dict) for record in records):
        why.reason = "neither an object nor a list of objects"
        return None
    if len(records) > bounds.max_records:
        why.reason = f"more than {bounds.max_records} records"
        return None
    return [_record(record, bounds) for record in records]


def match_records(left: list[Record], right: list[Record]) -> list[tuple[Record, Record]]:
    """Pairs of records, each used once, chosen so that most fields agree.

    Equal records are paired first: that never costs an agreement elsewhere, because of two
    fields that agree with the same record the one agrees with the other.
    """
    equal = Counter(left) & Counter(right)
    pairs = [(record, record) for record in equal.elements()]
    left = list((Counter(left) - equal).elements())
    right = list((Counter(right) - equal).elements())
    if not left or not right:
        return pairs
    agreement = [[len(one & other) for other in right] for one in left]
    if max(len(left), len(right)) <= LARGEST_OPTIMAL:
        chosen = _best_assignment(agreement)
    else:
        chosen = _greedy_assignment(agreement)
    return pairs + [(left[i], right[j]) for i, j in chosen]


_BRACKET_OR_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)


def _is_deeper(text: str, depth: int) -> bool:
    if text.count("[") + text.count("{") <= depth:
        return False
    level = 0
    for found in _BRACKET_OR_STRING.finditer(text):
        if found[0] in "[{":
            level += 1
            if level > depth:
                return True
        elif found[0] in "]}":
            level -= 1
    return False


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is repeated")
    return found


def _record(value: dict[str, Any], bounds: Bounds) -> Record:
    return frozenset(
        (name, _comparable(held, bounds))
        for name, held in value.items()
        if not (held is None and bounds.null_is_absent)
    )


def _comparable(value: Any, bounds: Bounds) -> Hashable:
    """Equal for values that count as equal: 3 and 3.0, but not 1 and true."""
    if isinstance(value, str):
        text = " ".join(value.split())
        return text.casefold() if bounds.casefold else text
    if isinstance(value, dict):
        return _record(value, bounds)
    if isinstance(value, list):
        return ("list", *(_comparable(one, bounds) for one in value))
    # true == 1 in Python, but not in JSON.
    return ("boolean", value) if isinstance(value, bool) else value


def _greedy_assignment(agreement: list[list[int]]) -> list[tuple[int, int]]:
    """Highest agreement first, then in the order of the records."""
    ranked = sorted(
        (-count, i, j) for i, row in enumerate(agreement) for j, count in enumerate(row) if count
    )
    used_left: set[int] = set()
    used_right: set[int] = set()
    chosen: list[tuple[int, int]] = []
    for _, i, j in ranked:
        if i not in used_left and j not in used_right:
            used_left.add(i)
            used_right.add(j)
            chosen.append((i, j))
    return chosen


def _best_assignment(agreement: list[list[int]]) -> list[tuple[int, int]]:
    """The assignment with the highest sum (Kuhn 1955, with potentials; O(n^2 m))."""
    if len(agreement) > len(agreement[0]):
        turned = [list(column) for column in zip(*agreement, strict=True)]
        return [(i, j) for j, i in _best_assignment(turned)]
    rows, columns = len(agreement), len(agreement[0])
    row_price, column_price = [0] * (rows + 1), [0] * (columns + 1)
    row_of = [0] * (columns + 1)  # counted from 1; 0 is free
    for row in range(1, rows + 1):
        row_of[0] = row
        came_from = _grow_tree(agreement, row_of, row_price, column_price)
        column = came_from.pop()
        while column:
            row_of[column] = row_of[came_from[column]]
            column = came_from[column]
    return [(row_of[column] - 1, column - 1) for column in range(1, columns + 1) if row_of[column]]


def _grow_tree(
    agreement: list[list[int]], row_of: list[int], row_price: list[int], column_price: list[int]
) -> list[int]:
    """Where the shortest path to a free column reached each column, then that free column."""
    columns = len(column_price) - 1
    far = 1 << 62
    slack, is_done = [far] * (columns + 1), [False] * (columns + 1)
    came_from = [0] * (columns + 1)
    column = 0
    while row_of[column]:
        is_done[column] = True
        row, step, following = row_of[column], far, 0
        for j in range(1, columns + 1):
            if is_done[j]:
                continue
            reduced = -agreement[row - 1][j - 1] - row_price[row] - column_price[j]
            if reduced < slack[j]:
                slack[j], came_from[j] = reduced, column
            if slack[j] < step:
                step, following = slack[j], j
        for j in range(columns + 1):
            if is_done[j]:
                row_price[row_of[j]] += step
                column_price[j] -= step
            else:
                slack[j] -= step
        column = following
    return [*came_from, column]
