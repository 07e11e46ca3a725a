"""What is wrong with a value, as sentences: all of it at once, with the nearest known name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from hone.errors import InvalidInput

_M = TypeVar("_M", bound=BaseModel)


def checked(model: type[_M], values: Mapping[str, Any], *, hint: str) -> _M:
    """The options that `values` give; InvalidInput with every problem at once."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        problems = problems_of(error, model)
        raise InvalidInput(" ".join(problems), hint=hint, problems=problems) from error


def problems_of(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Every problem of a validation as one sentence: the key as people write it, then why."""
    return [_sentence(dict(one), model) for one in error.errors(include_url=False)]


def _sentence(one: dict[str, Any], model: type[BaseModel]) -> str:
    path: tuple[Any, ...] = one["loc"]
    name = ".".join(str(part) for part in path)
    if one["type"] == "extra_forbidden":
        return f"{name}: there is no such key. {_offer(str(path[-1]), _keys_at(model, path[:-1]))}"
    if one["type"] == "missing":
        return f"{name}: it is missing."
    message = one["msg"].removeprefix("Value error, ").rstrip(".")
    shown = "" if one["type"] == "value_error" else f" (it is {_short(one['input'])})"
    return f"{name}: {message[:1].lower()}{message[1:]}{shown}." if name else f"{message}."


def _offer(wrong: str, known: list[str]) -> str:
    close = difflib.get_close_matches(wrong, known, n=1)
    return f"Did you mean {close[0]}?" if close else f"Known: {', '.join(sorted(known))}."


def _keys_at(model: type[BaseModel], path: Iterable[Any]) -> list[str]:
    current = model
    for part in path:
        found = _field_model(current, str(part))
        # A part that is no field is a key of a dict or an index; its model stays the same.
        current = found or current
    return [field.alias or name for name, field in current.model_fields.items()]


def _field_model(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    for name, field in model.model_fields.items():
        if key in (name, field.alias):
            return _model_in(field.annotation)
    return None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation if issubclass(annotation, BaseModel) else None
    for part in get_args(annotation):
        if found := _model_in(part):
            return found
    return None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
