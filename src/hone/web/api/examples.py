"""`/api/examples`: windows onto the examples, and everything about one of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from hone.errors import InvalidInput
from hone.records.choice import (
    MOST_FILES,
    MOST_ITEMS,
    MOST_STATUSES,
    MOST_TAGS,
    MOST_TEXT,
    Choice,
    Order,
    Span,
)
from hone.records.review import Operation
from hone.stages import review
from hone.web.access import NotAllowed
from hone.web.api.views import Counters, ExampleView, views
from hone.web.site import Here, Viewer

router = APIRouter(prefix="/api/examples", tags=["examples"])


class WindowQuery(BaseModel):
    """Which examples, in which order, and from where."""

    model_config = ConfigDict(extra="forbid")

    status: list[str] = Field(
        default_factory=list, max_length=MOST_STATUSES, description="any of these; none: all"
    )
    tag: list[str] = Field(
        default_factory=list, max_length=MOST_TAGS, description="all of them must be there"
    )
    file: list[str] = Field(
        default_factory=list, max_length=MOST_FILES, description="any of these origins"
    )
    task: str | None = Field(default=None, description="by default every task")
    text: str = Field(default="", max_length=MOST_TEXT, description="words that must occur")
    reviewer: str | None = Field(default=None, description="who made the decision that stands")
    since: datetime | date | None = Field(
        default=None, description="the decision that stands is of then or later; a day is UTC"
    )
    until: datetime | date | None = Field(
        default=None, description="the decision that stands is of then or before; the whole day"
    )
    min_score: float | None = Field(default=None, description="of the first suggestion")
    max_score: float | None = Field(default=None, description="of the first suggestion")
    order: Order = "file"
    after: str | None = Field(default=None, max_length=500, description="a cursor: begin behind it")
    before: str | None = Field(default=None, max_length=500, description="a cursor: end before it")
    around: str | None = Field(default=None, max_length=200, description="an example: the middle")
    limit: int = Field(default=60, ge=1, le=MOST_ITEMS)


class Window(BaseModel):
    """Some examples in order, the counts beside them, and how to go on in both directions."""

    items: list[ExampleView]
    counters: Counters = Field(description="of the task, by status")
    total: int = Field(description="examples of the task")
    first: str | None = Field(description="cursor: before=… gives what stands before the items")
    last: str | None = Field(description="cursor: after=… gives what follows them")
    has_before: bool
    has_after: bool
    place: int | None = Field(
        description="how many stand before the items; null where counting them costs too much"
    )


class ExampleHistory(BaseModel):
    """One example with everything that was decided on it, oldest first."""

    example: ExampleView
    history: list[Operation]


class ColumnView(BaseModel):
    """One answer beside others."""

    agent: str = Field(description='"answer": the one that stands')
    score: float | None
    output: Any
    text: str
    diff: list[tuple[Literal["=", "-", "+"], str]] = Field(
        description="from the first column to this one, by words"
    )


class ComparisonView(BaseModel):
    """Every answer to an example; the first column is what the others are compared with."""

    columns: list[ColumnView]


class TokenView(BaseModel):
    """One token of a training row."""

    text: str
    id: int
    is_learned: bool
    is_kept: bool


class TrainingAnswer(BaseModel):
    """Exactly what training sees of an example."""

    base: str
    prompt: str
    answer: str
    tokens: list[TokenView]
    count: int = Field(description="tokens of the whole row")
    kept: int = Field(description="tokens that fit")
    max_seq_length: int
    is_truncated: bool
    note: str


class NearView(BaseModel):
    """An example that says nearly the same."""

    example: ExampleView
    similarity: float


class SimilarView(BaseModel):
    """What is like an example."""

    same: list[ExampleView]
    near: list[NearView]
    group: list[ExampleView]
    has_more: bool = Field(description="a list was cut")


@router.get("")
def list_examples(query: Annotated[WindowQuery, Query()], site: Here, visitor: Viewer) -> Window:
    """A window onto the examples that fit, behind, before or around one of them."""
    if sum(one is not None for one in (query.after, query.before, query.around)) > 1:
        raise InvalidInput(
            "A window has one of after, before and around.", hint="Leave the others away."
        )
    choice = Choice(
        status=query.status,
        task=query.task,
        tags=query.tag,
        files=query.file,
        text=query.text,
        reviewer=query.reviewer,
        since=query.since,
        until=query.until,
        min_score=query.min_score,
        max_score=query.max_score,
        ids=None,
    )
    span = Span(
        order=query.order,
        after=query.after,
        before=query.before,
        around=query.around,
        limit=query.limit,
    )
    repeats_for = visitor.name if visitor.may("reviewer") else None
    page = review.page(site.ws, choice, span, repeats_for=repeats_for)
    return Window(
        items=views(page.items),
        counters=page.counters,
        total=page.total,
        first=page.first,
        last=page.last,
        has_before=page.has_before,
        has_after=page.has_after,
        place=page.place,
    )


@router.get("/{id}")
def show_example(id: str, site: Here, visitor: Viewer) -> ExampleHistory:
    """One example and its history."""
    example = review.find_example(site.ws, id)
    return ExampleHistory(example=ExampleView.of(example), history=review.history(site.ws, id))


@router.get("/{id}/comparison")
def compare(id: str, site: Here, visitor: Viewer) -> ComparisonView:
    """What was suggested, side by side, with the differences marked word by word."""
    columns = [ColumnView(**one._asdict()) for one in review.comparison(site.ws, id)]
    return ComparisonView(columns=columns)


@router.get("/{id}/training")
def show_training(
    id: str,
    site: Here,
    visitor: Viewer,
    base: Annotated[str, Query(max_length=500)] = "hone-nano",
    max_seq_length: Annotated[int, Query(ge=1, le=1_000_000)] = 2048,
) -> TrainingAnswer:
    """The prompt, the answer, the tokens and what is cut off, as training sees them."""
    if _is_folder(base) and not visitor.may("trainer"):
        raise NotAllowed(
            f"{visitor.name} is a {visitor.role}; to name a folder needs the role trainer.",
            hint="Name a base: hone models bases",
        )
    seen = review.training_view(site.ws, id, base=base, max_seq_length=max_seq_length)
    tokens = [TokenView(**one._asdict()) for one in seen.tokens]
    return TrainingAnswer(
        base=seen.base,
        prompt=seen.prompt,
        answer=seen.answer,
        tokens=tokens,
        count=seen.count,
        kept=seen.kept,
        max_seq_length=seen.max_seq_length,
        is_truncated=seen.is_truncated,
        note=seen.note,
    )


@router.get("/{id}/similar")
def show_similar(id: str, site: Here, visitor: Viewer) -> SimilarView:
    """The same content again, what is nearly the same, and the example's group."""
    found = review.similar(site.ws, id)
    near = [
        NearView(example=ExampleView.of(one.example), similarity=one.similarity)
        for one in found.near
    ]
    return SimilarView(
        same=views(found.same), near=near, group=views(found.group), has_more=found.has_more
    )


def _is_folder(base: str) -> bool:
    """Whether a base is named by a place on the server's disk; a name has one slash at most."""
    return base.startswith(("/", "~", ".")) or "\\" in base or base.count("/") > 1
