"""Reads JSON Lines: one record per line.

Needs: a text file; nothing else.
Gives: one RawRow per line, values as they stand; a Refusal per line that is not JSON.
Source: jsonlines.org; blank lines are left out.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from hone.importers._json_stream import json_line_rows
from hone.importers._rows import Rows
from hone.importers._text import detect


class Options(BaseModel):
    """How JSON Lines are read."""

    model_config = ConfigDict(extra="forbid")

    encoding: str | None = Field(None, description="utf-8, utf-16, latin-1, …; detected if unset")


LIMITS: tuple[str, ...] = (
    "A line over 8,000,000 characters or nested deeper than 64 is refused.",
    "A record may not run over several lines: that is JSON (`--as json`).",
)


def sniff(path: Path, head: bytes) -> float:
    """How sure it is that this importer reads the file, 0 to 1."""
    suffix = path.suffix.lower()
    if suffix in (".jsonl", ".ndjson"):
        return 0.9
    lines = [line for line in head.split(b"\n", 2)[:2] if line.strip()]
    if len(lines) < 2 or not all(line.lstrip(b"\xef\xbb\xbf").startswith(b"{") for line in lines):
        return 0.0
    try:
        json.loads(lines[0].lstrip(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return 0.0
    return 0.88


def run(path: Path, options: Options) -> Rows:
    """Every record in order."""
    yield from json_line_rows(path, detect(path, options.encoding))
