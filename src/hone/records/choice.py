"""A choice: which examples are meant, and which part of them, in which order."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

Order = Literal["file", "newest", "least_certain", "most_valuable"]
ORDERS: tuple[Order, ...] = get_args(Order)
MOST_IDS = 10_000
MOST_ITEMS = 200
# Each file is a query of its own, each tag a condition, and SQLite bounds the depth of both.
MOST_STATUSES, MOST_TAGS, MOST_FILES, MOST_TEXT = 20, 50, 200, 1000
# With a bound a text is looked at as text: half of a surrogate pair is refused, not passed on.
Word = Annotated[str, Field(max_length=5000)]


class Choice(BaseModel):
    """Which examples are meant; every condition must hold."""

    model_config = ConfigDict(extra="forbid")

    status: list[Word] = Field(
        default_factory=list[str], max_length=MOST_STATUSES, description="any of these; empty: all"
    )
    task: Word | None = Field(default=None, description="its name; by default every task")
    tags: list[Word] = Field(
        default_factory=list[str], max_length=MOST_TAGS, description="all of them must be there"
    )
    files: list[Word] = Field(
        default_factory=list[str], max_length=MOST_FILES, description="any of these origins"
    )
    text: str = Field(default="", max_length=MOST_TEXT, description="words that must occur")
    reviewer: Word | None = Field(default=None, description="who made the decision that stands")
    since: date | datetime | None = Field(
        default=None,
        description="the decision that stands was made then or later; a day is a UTC day",
    )
    until: date | datetime | None = Field(
        default=None,
        description="the decision that stands was made then or before; a day counts whole",
    )
    min_score: float | None = Field(
        default=None, description="lowest score of the first suggestion"
    )
    max_score: float | None = Field(
        default=None, description="highest score of the first suggestion"
    )
    ids: list[Word] | None = Field(
        default=None, max_length=MOST_IDS, description="only these examples"
    )


class Span(BaseModel):
    """A page of a choice: from its start, behind or before a cursor, or around an example."""

    model_config = ConfigDict(extra="forbid")

    order: Order = Field(
        default="file",
        description="file: as imported; newest: the same backwards; least_certain: the lowest "
        "score of the first suggestion first, without a score last; most_valuable: pending before "
        "the rest, in each where suggestions contradict each other, then the lowest score",
    )
    after: str | None = Field(default=None, description="the cursor that the page begins behind")
    before: str | None = Field(default=None, description="the cursor that the page ends before")
    around: str | None = Field(default=None, description="the example in the middle of the page")
    limit: int = Field(default=60, ge=1, le=MOST_ITEMS, description="examples on the page")

    @model_validator(mode="after")
    def _begins_in_one_place(self) -> Span:
        if sum(one is not None for one in (self.after, self.before, self.around)) > 1:
            raise ValueError("a page has one of after, before and around")
        return self
