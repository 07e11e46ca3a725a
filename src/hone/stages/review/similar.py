"""Finds what is like an example: the same again, nearly the same, and its group."""

from __future__ import annotations

from typing import NamedTuple

from hone.errors import HoneError
from hone.records.example import Example
from hone.workspace.open import Workspace


class Near(NamedTuple):
    """An example that says nearly the same, and how nearly, 0 to 1."""

    example: Example
    similarity: float


class Similar(NamedTuple):
    """What is like an example; `has_more` where a list was cut."""

    same: list[Example]
    near: list[Near]
    group: list[Example]
    has_more: bool


def similar(ws: Workspace, example_id: str) -> Similar:
    """The same content again, what the task's rule calls a near-duplicate, and the same group."""
    raise HoneError("Not built yet.")
