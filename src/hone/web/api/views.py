"""What several resources show alike: an example, and the counts beside it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from hone.records.example import Example

Counters = dict[str, int]


class ExampleView(Example):
    """An example, with the answer that a person would look at."""

    answer: Any = Field(None, description="the output, else what the first suggestion proposes")

    @classmethod
    def of(cls, example: Example) -> ExampleView:
        """The view of an example; what comes from the store is not checked again."""
        return cls.model_construct(**dict(example), answer=example.proposal)


def views(examples: Iterable[Example]) -> list[ExampleView]:
    """The views of examples, in order."""
    return [ExampleView.of(example) for example in examples]
