"""Reads messages with marked parts, as character spans, text chunks or slots: for extract tasks.

Needs: JSON or JSON Lines.
Gives: RawRow {"message", "slots": {name: text}, "tags"}; a Refusal where a span does not fit.
Source: restaurant8k (Coope et al. 2020: userInput, labels with valueSpan), SNIPS (Coucke et al.
2018: data with text and entity), {text, spans|entities|label: [[start, end, name]…]}.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hone.importers._json_stream import ROW_KEYS, json_line_rows, json_rows
from hone.importers._json_window import looks_like_lines
from hone.importers._rows import RawRow, Read, Refusal, Rows, RowUnfit
from hone.importers._text import detect, read_head
from hone.records.task import Task


class Options(BaseModel):
    """How files with marked parts are read."""

    model_config = ConfigDict(extra="forbid")

    encoding: str | None = Field(None, description="utf-8, utf-16, latin-1, …; detected if unset")


LIMITS: tuple[str, ...] = (
    "Spans count Unicode characters, not bytes and not UTF-16 units.",
    "A slot that is filled twice in one message is refused: a field holds one value.",
    "Proposed fields are all of type string; numbers and enums are yours to set in the task file.",
)
SPAN_KEYS = ("labels", "spans", "entities", "label")
NAME_KEYS = ("slot", "label", "type", "entity", "name")
_MARKS = re.compile(
    rb'"valueSpan"\s*:|"userInput"\s*:|\{\s*"data"\s*:\s*\[\s*\{\s*"(?:text|entity)"\s*:'
)


def sniff(path: Path, head: bytes) -> float:
    """How sure it is that this importer reads the file, 0 to 1."""
    is_json = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
    return 0.95 if is_json and _MARKS.search(head) else 0.0


def run(path: Path, options: Options) -> Rows:
    """Every message in order."""
    form = detect(path, options.encoding)
    is_lines = looks_like_lines(read_head(path))
    rows = json_line_rows(path, form) if is_lines else json_rows(path, form)
    for item in rows:
        yield _marked(item) if isinstance(item, RawRow) else item


def propose_task(name: str, rows: Iterable[Read]) -> tuple[Task, dict[str, int]]:
    """An extract task with every slot that occurs, the most frequent first, and their counts."""
    counts: Counter[str] = Counter()
    for item in rows:
        if isinstance(item, RawRow):
            counts.update(list(item.fields["slots"]))
    ordered = dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
    task = Task.model_validate(
        {
            "kind": "extract",
            "name": name,
            "system": f"You turn messages into JSON. Fields: {', '.join(ordered)}.",
            "fields": {slot: {"type": "string"} for slot in ordered},
        }
    )
    return task, ordered


def _marked(item: RawRow) -> RawRow | Refusal:
    try:
        message, found = _message(item.fields)
        slots: dict[str, str] = {}
        for name, text in found:
            if name in slots:
                raise RowUnfit(f'the slot {name} is filled twice: "{slots[name]}" and "{text}"')
            slots[name] = text
    except RowUnfit as unfit:
        return Refusal(unfit.reason, item.row, item.line, item.fields)
    requested = item.fields.get("context")
    asked = requested.get("requestedSlots") if isinstance(requested, dict) else None
    tags = [item.part] if item.part and item.part not in ROW_KEYS else []
    tags += [f"requested:{name}" for name in asked] if isinstance(asked, list) else []
    return item._replace(fields={"message": message, "slots": slots, "tags": tags})


def _message(fields: Mapping[str, Any]) -> tuple[str, Iterator[tuple[str, str]]]:
    if isinstance(fields.get("slots"), dict):
        text = fields.get("message", fields.get("text"))
        return _known(text), ((str(k), str(v)) for k, v in fields["slots"].items() if v is not None)
    if isinstance(fields.get("data"), list):
        return _chunks(fields["data"])
    user = fields.get("userInput")
    text = user.get("text") if isinstance(user, dict) else fields.get("text", fields.get("message"))
    spans = next((fields[key] for key in SPAN_KEYS if isinstance(fields.get(key), list)), None)
    if spans is None and user is None:
        raise RowUnfit("no message with spans, chunks or slots")
    text = _known(text)
    return text, (_span(text, span) for span in spans or ())


def _known(text: Any) -> str:
    if not isinstance(text, str):
        raise RowUnfit("the message is missing")
    return text


def _chunks(chunks: list[Any]) -> tuple[str, Iterator[tuple[str, str]]]:
    if not all(isinstance(chunk, dict) and isinstance(chunk.get("text"), str) for chunk in chunks):
        raise RowUnfit("a chunk has no text")
    message = "".join(chunk["text"] for chunk in chunks)
    return message, ((str(c["entity"]), c["text"]) for c in chunks if c.get("entity"))


def _span(text: str, span: Any) -> tuple[str, str]:
    if isinstance(span, (list, tuple)) and len(span) == 3:
        start, end, name = span
    elif isinstance(span, dict):
        place = span.get("valueSpan", span)
        if not isinstance(place, dict):
            raise RowUnfit(f"a span is not understood: {str(span)[:80]}")
        # A start of zero is left out by writers that drop default values.
        start = place.get("startIndex", place.get("start", 0))
        end = place.get("endIndex", place.get("end"))
        name = next((span[key] for key in NAME_KEYS if key in span), None)
    else:
        raise RowUnfit(f"a span is not understood: {str(span)[:80]}")
    if not isinstance(name, str) or not isinstance(start, int) or not isinstance(end, int):
        raise RowUnfit(f"a span is not understood: {str(span)[:80]}")
    if not 0 <= start < end <= len(text):
        raise RowUnfit(f"the span {start} to {end} of {name} lies outside the message")
    return name, text[start:end]
