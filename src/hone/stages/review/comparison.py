"""Compares what was suggested for an example, word by word, with the answer it has now."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from hone.errors import HoneError
from hone.workspace.open import Workspace

Mark = Literal["=", "-", "+"]


class Column(NamedTuple):
    """One answer: who gave it, as a value, as text, and how its text differs from the first."""

    agent: str
    score: float | None
    output: Any
    text: str
    diff: list[tuple[Mark, str]]


def comparison(ws: Workspace, example_id: str) -> list[Column]:
    """The answer (agent "answer") where there is one, then every suggestion.

    `diff` leads from the first column's text to this one's: "=" both, "-" only there, "+" only
    here; the "=" and "+" pieces joined are the text.
    """
    raise HoneError("Not built yet.")
