"""Rows that a model could not take in whole.

Needs: conversations that end with the answer, and the renderer of the base model.
Gives: for each row its number of tokens before any shortening, and whether it fits.
Source: the rendered prompt of hone.rendering, the same that training uses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pydantic import BaseModel, ConfigDict, Field

from hone.rendering.messages import Message
from hone.rendering.tokens import Renderer


class Options(BaseModel):
    """How long a row may be."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: int = Field(2048, ge=8, description="prompt and answer together, in tokens")


LIMITS: tuple[str, ...] = ("Counts tokens of one base model; another base cuts differently.",)


def run(
    conversations: Iterable[Sequence[Message]], options: Options, *, renderer: Renderer
) -> Iterator[tuple[int, bool]]:
    """(tokens, fits) of each row, in order; streams."""
    for row in renderer.training_rows(conversations, options.max_tokens):
        yield len(row.input_ids) + row.cut_tokens, not row.is_truncated
