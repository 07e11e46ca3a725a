"""What a cell holds: text, tags, a time, passages; whatever does not fit is refused by name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hone.importers._rows import RowUnfit


def tags_in(value: Any) -> list[str]:
    """The tags in a cell: a list as it is, anything else as one tag."""
    if value in (None, ""):
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def time_in(value: Any) -> datetime | None:
    """A moment in UTC; a time without a zone is taken as UTC, a number as seconds since 1970."""
    if value in (None, ""):
        return None
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        moment = datetime.fromisoformat(str(value).strip().replace("/", "-"))
    except (ValueError, OverflowError, OSError):
        raise RowUnfit(
            f"occurred_at {str(value)[:40]!r} is no time", "write times as 2026-11-20T15:30:00Z"
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def text_in(value: Any, name: str) -> str:
    """The text of a cell; numbers are written out, anything else is unfit."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        text = str(value)
    elif value is None:
        text = ""
    else:
        raise RowUnfit(f"the {name} is {kind_of(value)}, not text")
    if not text.strip():
        raise RowUnfit(f"the {name} is empty")
    return text


def kind_of(value: Any) -> str:
    """What a value is, for a sentence."""
    kinds = {dict: "an object", list: "a list", bool: "true or false"}
    return kinds.get(type(value), type(value).__name__)


def passages_in(value: Any, source: str | None = None) -> list[dict[str, Any]]:
    """Passages of any nesting: texts, lists of them, objects with a text and a name."""
    if isinstance(value, str):
        return [{"text": value, "source": source}] if value.strip() else []
    if isinstance(value, list):
        return [passage for inner in value for passage in passages_in(inner, source)]
    if isinstance(value, dict):
        texts = [inner for inner in value.values() if isinstance(inner, str)]
        if texts:
            # The longest text is the passage, the first of the others names it (T and C, title…).
            text = max(texts, key=len)
            name = next((one for one in texts if one is not text), source)
            return passages_in(text, name)
        return [passage for inner in value.values() for passage in passages_in(inner, source)]
    return []
