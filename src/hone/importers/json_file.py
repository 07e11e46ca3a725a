"""Reads a JSON file: an array of records, an object that holds rows, or one record.

Needs: a text file; nothing else.
Gives: one RawRow per record, values as they stand; a Refusal where the text stops being JSON.
Source: RFC 8259; NaN and Infinity, which Python allows, are refused.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from hone.importers._json_stream import json_rows
from hone.importers._json_window import looks_like_lines
from hone.importers._rows import Rows
from hone.importers._text import detect


class Options(BaseModel):
    """How a JSON file is read."""

    model_config = ConfigDict(extra="forbid")

    encoding: str | None = Field(None, description="utf-8, utf-16, latin-1, …; detected if unset")
    rows: str | None = Field(None, description="the key of the array that holds the rows")


LIMITS: tuple[str, ...] = (
    "After a fault in the text nothing more is read: the records before it are taken.",
    "A record over 8,000,000 characters or nested deeper than 64 is refused.",
    "Of two equal keys in an object the later one counts, as in every JSON reader.",
    "An object that is no container of rows is one record, of at most 32,000,000 characters.",
)


def sniff(path: Path, head: bytes) -> float:
    """How sure it is that this importer reads the file, 0 to 1."""
    begin = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    suffix = path.suffix.lower()
    if begin not in (b"[", b"{"):
        return 0.5 if suffix == ".json" else 0.0
    if looks_like_lines(head):
        return 0.6 if suffix == ".json" else 0.4
    return 0.85 if suffix == ".json" else 0.7


def run(path: Path, options: Options) -> Rows:
    """Every record in order."""
    yield from json_rows(path, detect(path, options.encoding), rows_key=options.rows)
