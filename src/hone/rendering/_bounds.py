"""How much a chat template may build in one step, checked before it is built where that matters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from jinja2.exceptions import SecurityError

MAX_CHARACTERS = 16_000_000
"""Of any text that a template builds."""
MAX_VALUES = 100_000
"""In any list or object that is written out: lists of lists double with every step."""
MAX_NUMBER = 10_000
"""The largest number that a filter or a method may be given: it may be a width or a count."""
_WIDE = re.compile(r"\d{5,}|\{[^{}]*\{")


def check_numbers(values: Iterable[Any]) -> None:
    """Refuse numbers that could be a width or a count of something huge."""
    for value in values:
        if isinstance(value, int | float) and abs(value) > MAX_NUMBER:
            raise SecurityError(f"chat templates may not ask for {value!r} of anything")


def check_bits(numbers: Iterable[float]) -> None:
    """Refuse to compute with numbers that take long to write."""
    if any(isinstance(number, int) and number.bit_length() > 256 for number in numbers):
        raise SecurityError("chat templates may not compute with numbers this large")


def check_growth(text: str, method: str, args: Sequence[Any]) -> None:
    """Refuse what would be too long before it is built: replacing, joining, formatting."""
    longest = max((len(one) for one in args if isinstance(one, str | list)), default=0)
    if method in ("replace", "join") and (len(text) + 1) * longest > MAX_CHARACTERS:
        raise SecurityError(f"the chat template builds more than {MAX_CHARACTERS:,} characters")
    if method == "format" and _WIDE.search(text):
        raise SecurityError("chat templates may not format with wide or computed widths")


def check_whole(value: Any) -> Any:
    """The value as it is, unless it is a list or object with too many values all in all."""
    if not isinstance(value, list | tuple | dict):
        return value
    waiting, seen = [value], 0
    while waiting:
        one = waiting.pop()
        inner = one.values() if isinstance(one, dict) else one
        seen += len(one)
        if seen > MAX_VALUES:
            raise SecurityError(f"the chat template writes out more than {MAX_VALUES:,} values")
        waiting += [held for held in inner if isinstance(held, list | tuple | dict)]
    return value


def check_size(value: Any) -> Any:
    """The value as it is, unless it is too long."""
    if isinstance(value, str | list | tuple | dict) and len(value) > MAX_CHARACTERS:
        raise SecurityError(f"the chat template builds more than {MAX_CHARACTERS:,} characters")
    return value
