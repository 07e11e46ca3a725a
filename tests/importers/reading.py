"""Shared by the tests of the importers: read a file, tell rows, refusals and notes apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from hone import shelf
from hone.importers._rows import Note, RawRow, Refusal


class Reading(NamedTuple):
    rows: list[RawRow]
    refused: list[Refusal]
    notes: list[str]

    @property
    def fields(self) -> list[dict[str, Any]]:
        return [row.fields for row in self.rows]

    @property
    def reasons(self) -> list[str]:
        return [refusal.reason for refusal in self.refused]


def read(name: str, path: Path, **options: Any) -> Reading:
    module = shelf.load("importers", name)
    items = list(module.run(path, module.Options(**options)))
    return Reading(
        [item for item in items if isinstance(item, RawRow)],
        [item for item in items if isinstance(item, Refusal)],
        [item.text for item in items if isinstance(item, Note)],
    )


def read_text(name: str, folder: Path, text: str | bytes, **options: Any) -> Reading:
    path = folder / "rows.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(name, path, **options)
