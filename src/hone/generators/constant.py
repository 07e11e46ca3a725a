"""The same answer to everything, as "predict the mean" gives it: what any model has to beat.

Needs: the answer.
Gives: it, once for each question.
Source: the mean of the training labels is the constant with the least squared error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import BaseModel, ConfigDict, Field

from hone.generators._answers import Answer


class Options(BaseModel):
    """What is said."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(description="the answer to every question")


LIMITS: tuple[str, ...] = ("It does not look at what is asked.",)


def run(ids: Iterable[str], options: Options) -> Iterator[Answer]:
    """The answer, as often as there are ids."""
    for _ in ids:
        yield Answer(options.text)
