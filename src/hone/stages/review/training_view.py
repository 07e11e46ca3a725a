"""Shows an example as training sees it: the rendered text, its tokens, mask and truncation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from hone.errors import HoneError
from hone.workspace.open import Workspace


class Token(NamedTuple):
    """One token; those that are cut off to fit are shown, but not kept."""

    text: str
    id: int
    is_learned: bool
    is_kept: bool


@dataclass(frozen=True)
class TrainingView:
    """The exact prompt and answer of a training row, and what the limit of tokens does to it."""

    base: str
    prompt: str
    answer: str
    tokens: list[Token]
    count: int
    kept: int
    max_seq_length: int
    is_truncated: bool
    note: str


def training_view(
    ws: Workspace, example_id: str, *, base: str = "hone-nano", max_seq_length: int = 2048
) -> TrainingView:
    """What a training on `base` would see of this example, with the answer it has now.

    `count` are the tokens of the whole row, `kept` those that fit. `note` says what was cut off,
    why the row would be left out, or that the shown answer is only suggested so far.
    """
    raise HoneError("Not built yet.")
