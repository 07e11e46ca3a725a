"""What every generator gives back for one example."""

from __future__ import annotations

from typing import NamedTuple


class Answer(NamedTuple):
    """The text of an answer and how sure the generator is of it."""

    text: str
    logprob: float | None = None
    """Mean natural log-probability of the answer's tokens; None where there is none."""
    is_complete: bool = True
    """Whether the answer ended by itself, not at the limit of its length."""
