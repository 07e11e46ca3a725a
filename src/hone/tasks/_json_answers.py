"""Reads JSON that a model wrote: strictly, within bounds, whatever the text holds.

As strict as the metric `json_fields`, so that no answer scores well and then cannot be used:
white space around the value is allowed, a fenced code block or a sentence around it is not.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

MAX_CHARACTERS = 100_000
MAX_DEPTH = 32
MAX_VALUES = 10_000

_BRACKET_OR_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_json(text: str) -> Any:
    """The value; ValueError says why there is none."""
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"it is longer than {MAX_CHARACTERS:,} characters")
    _check_depth(text)
    try:
        value = json.loads(
            text.strip(" \t\r\n"), parse_constant=_refuse_constant, object_pairs_hook=_unique
        )
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    _check_values(value)
    return value


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    level = 0
    for found in _BRACKET_OR_STRING.finditer(text):
        level += (found[0] in "[{") - (found[0] in "]}")
        if level > MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {MAX_DEPTH}")


def _check_values(value: Any) -> None:
    """Refuse what Python reads but no file can hold: 1e999 and halves of a character."""
    waiting, seen = [value], 0
    while waiting:
        one = waiting.pop()
        seen += 1
        if seen > MAX_VALUES:
            raise ValueError(f"it holds more than {MAX_VALUES:,} values")
        if isinstance(one, float) and not math.isfinite(one):
            raise ValueError("a number is too large")
        if isinstance(one, str) and _SURROGATE.search(one):
            raise ValueError("a text holds half of a character")
        if isinstance(one, dict):
            waiting += one.keys()
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f'the key "{twice[:80]}" is repeated')
    return found
