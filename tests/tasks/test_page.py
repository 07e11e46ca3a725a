"""The page about tasks names every key and every kind."""

from __future__ import annotations

from pathlib import Path

from hone import shelf
from hone.records.task import Task


def test_every_key_and_kind_is_documented(repository: Path) -> None:
    page = (repository / "docs" / "reference" / "tasks.md").read_text(encoding="utf-8")
    wanted = [*Task.model_fields, *shelf.names("tasks")]
    assert [name for name in wanted if f"`{name}`" not in page] == []
