"""What makes two examples the same one: the id of an example and its fingerprint."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from json.encoder import encode_basestring as _quoted
from typing import Any, cast

# Built once: making an encoder costs more than most rows do.
_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


def canonical_json(value: Any) -> str:
    """One text per value: sorted keys, no spaces; ValueError for NaN and infinity."""
    # Nearly every value of a large import is one text under one name: no encoder is needed.
    if type(value) is dict and len(cast("dict[str, Any]", value)) == 1:
        ((key, inner),) = cast("dict[str, Any]", value).items()
        if type(inner) is str:
            return f"{{{_quoted(key)}:{_quoted(inner)}}}"
    return "null" if value is None else _encode(value)


def example_id(
    task: str, input: Mapping[str, Any], proposal: Any, context: Sequence[Any] = ()
) -> str:
    """32 hexadecimal digits: the same row for the same task is one example, however often it comes.

    UnicodeEncodeError where a text holds a lone surrogate, ValueError for NaN and infinity.
    """
    parts = canonical_json(input), canonical_json(proposal), canonical_json(context)
    return id_of_parts(task, *parts)


def id_of_parts(task: str, input: str, proposal: str, context: str = "[]") -> str:
    """`example_id` of parts that are canonical JSON already."""
    return _digest(f"[{_quoted(task)},{input},{proposal},{context}]")


def fingerprint_of(input: Any, proposal: Any) -> str:
    """32 hexadecimal digits, equal for contents that differ only in case, width and white space."""
    parts = canonical_json(_normalised(input)), canonical_json(_normalised(proposal))
    return _digest(f"[{parts[0]},{parts[1]}]")


def normalised_text(text: str) -> str:
    """`text` without differences of case, Unicode composition, width and white space."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.casefold().split())


def _normalised(value: Any) -> Any:
    if isinstance(value, str):
        return normalised_text(value)
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {key: _normalised(inner) for key, inner in fields.items()}
    if isinstance(value, (list, tuple)):
        return [_normalised(inner) for inner in cast("Sequence[Any]", value)]
    return value


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()
