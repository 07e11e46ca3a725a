"""Whether the parts of an input or output are there and are what they should be, in sentences."""

from __future__ import annotations

import datetime
import math
import re
import sys
from collections.abc import Iterable, Mapping

from hone.errors import nearest
from hone.records.task import TaskField

_NAMES = {
    str: "text", bool: "true or false", int: "a number", float: "a number",
    list: "a list", dict: "an object", type(None): "nothing",
}  # fmt: skip
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


def kind_of(value: object) -> str:
    """What a value is, in a word that people use."""
    return _NAMES.get(type(value), type(value).__name__)


def shown(value: object) -> str:
    """A value in a sentence, not longer than a line."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def object_problems(what: str, value: object, known: Iterable[str]) -> list[str]:
    """Problems of an object as such: that it is one, and that every name in it is known."""
    if not isinstance(value, Mapping):
        return [f"The {what} must be an object with named fields, not {kind_of(value)}."]
    names = list(known)
    return [
        f"The {what} has an unknown field {shown(name)}. {nearest(str(name), names)}"
        for name in value
        if name not in names
    ]


def text_problems(what: str, value: object, *, is_required: bool = True) -> list[str]:
    """Problems of a text: missing, empty, or something else."""
    if value is None or value == "":
        return [f"The {what} is missing."] if is_required else []
    if not isinstance(value, str):
        return [f"The {what} must be text, not {kind_of(value)} ({shown(value)})."]
    if is_required and not value.strip():
        return [f"The {what} is empty."]
    try:
        value.encode()
    except UnicodeEncodeError:
        return [f"The {what} holds half of a character (a lone surrogate)."]
    return []


def number_problem(name: str, value: object) -> str:
    """Why a value is no number, or an empty text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{name} must be a number, not {kind_of(value)} ({shown(value)})."
    try:
        is_finite = math.isfinite(value)
    except OverflowError:  # a whole number beyond every float
        return f"{name} must be a number of at most {sys.float_info.max:.1e}."
    return "" if is_finite else f"{name} must be a finite number, not {value}."


def value_problem(name: str, field: TaskField, value: object) -> str:
    """Why a value does not fit its field, or an empty text."""
    if field.type == "string":
        return "".join(text_problems(name, value)[:1])
    if field.type in ("number", "integer"):
        problem = number_problem(name, value)
        if not problem and field.type == "integer" and value != int(value):  # type: ignore[call-overload]
            problem = f"{name} must be a whole number, not {value}."
        return problem
    if field.type == "boolean":
        return (
            "" if isinstance(value, bool) else f"{name} must be true or false, not {shown(value)}."
        )
    if field.type == "enum":
        if isinstance(value, str) and value in field.values:
            return ""
        return f"{name} must be one of {', '.join(field.values)}, not {shown(value)}."
    return _date_problem(name, value)


def _date_problem(name: str, value: object) -> str:
    if isinstance(value, str) and _DATE.match(value):
        try:
            datetime.date.fromisoformat(value)
            return ""
        except ValueError:
            return f"{name} is no date of the calendar: {shown(value)}."
    return f"{name} must be a date as YYYY-MM-DD, not {shown(value)}."
