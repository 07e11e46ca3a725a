"""Columns of rows: what they are called, what they hold, and how a nested one is reached."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

MISSING: Any = object()
_WORDS = re.compile(r"[\W_]+")


def plain_name(name: str) -> str:
    """A name in lower case with single spaces: "Expected_Response" is "expected response"."""
    return _WORDS.sub(" ", name.casefold()).strip()


def columns_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of all columns, in the order they first appear."""
    return list(dict.fromkeys(name for row in rows for name in row))


def at_path(fields: Mapping[str, Any], path: str) -> Any:
    """The value at a column or a dotted path ("reasoning.conclusion", "turns.0"); else MISSING."""
    if path in fields:
        return fields[path]
    value: Any = fields
    for step in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(step, MISSING)
        elif isinstance(value, list) and step.lstrip("-").isdigit():
            index = int(step)
            value = value[index] if -len(value) <= index < len(value) else MISSING
        else:
            return MISSING
        if value is MISSING:
            return MISSING
    return value


def getter(path: str) -> Callable[[Mapping[str, Any]], Any]:
    """A function that reads one column; None where the row has none."""

    def read(fields: Mapping[str, Any]) -> Any:
        value = fields.get(path, MISSING)
        if value is not MISSING:
            return value
        value = at_path(fields, path)
        return None if value is MISSING else value

    return read


def text_paths(rows: Sequence[Mapping[str, Any]], *, depth: int = 3) -> dict[str, float]:
    """Every column or dotted path that holds text, with the mean length of it over the rows."""
    lengths: dict[str, int] = {}

    def walk(value: Any, path: str, left: int) -> None:
        if isinstance(value, str):
            lengths[path] = lengths.get(path, 0) + len(value)
        elif isinstance(value, Mapping) and left:
            for name, inner in value.items():
                walk(inner, f"{path}.{name}", left - 1)
        elif isinstance(value, list) and value and left:
            walk(value[0], f"{path}.0", left - 1)

    for row in rows:
        for name, value in row.items():
            walk(value, name, depth)
    return {path: total / len(rows) for path, total in lengths.items()}
