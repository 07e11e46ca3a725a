"""Values as compact JSON text for a column, and back."""

from __future__ import annotations

import json
from typing import Any

from hone.errors import InvalidInput


def to_text(value: Any) -> str:
    """Compact JSON; half of a surrogate pair, which UTF-8 cannot hold, stays escaped.

    InvalidInput for NaN and Infinity: they are no JSON, and the database could not read them.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise InvalidInput(
            "A value is NaN, infinite or nested without end; JSON has no such thing.",
            hint="Leave the value out, or write null.",
        ) from error
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            return json.dumps(value, separators=(",", ":"))
    return text


def to_text_or_null(value: Any) -> str | None:
    """Compact JSON, or nothing where there is nothing to say."""
    return None if value is None or value == [] or value == {} else to_text(value)


def from_text(text: str | None, default: Any = None) -> Any:
    """The value of a column, or `default` where the column is empty."""
    return default if text is None else json.loads(text)
