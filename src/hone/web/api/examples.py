"""`/api/examples`: windows onto the examples."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from hone.records.example import Example
from hone.records.review import Operation
from hone.stages import examples as stage
from hone.web.site import Here, Viewer

router = APIRouter(prefix="/api/examples", tags=["examples"])


class ExampleView(Example):
    """An example, with the answer that a person would look at."""

    answer: Any = Field(None, description="the output, else what the first suggestion proposes")

    @classmethod
    def of(cls, example: Example) -> ExampleView:
        """The view of an example, without checking again what comes from the store."""
        return cls.model_construct(**dict(example), answer=example.proposal)


class Window(BaseModel):
    """Some examples in order, and how to go on in both directions."""

    items: list[ExampleView]
    counters: dict[str, int]
    total: int
    first: str | None
    last: str | None
    has_before: bool
    has_after: bool


class WindowQuery(BaseModel):
    """Which examples, and from where."""

    model_config = ConfigDict(extra="forbid")

    status: list[str] = Field(default_factory=list)
    task: str | None = None
    tag: list[str] = Field(default_factory=list)
    file: list[str] = Field(default_factory=list)
    text: str = ""
    order: str = "file"
    after: str | None = None
    before: str | None = None
    around: str | None = None
    limit: int = Field(default=60, ge=1, le=200)


class ExampleHistory(BaseModel):
    """One example with everything that was decided on it."""

    example: ExampleView
    history: list[Operation]


@router.get("")
def window(query: Annotated[WindowQuery, Query()], site: Here, person: Viewer) -> Window:
    """A window onto the examples that fit."""
    choice = stage.Choice(
        status=query.status, task=query.task, tags=query.tag, files=query.file, text=query.text
    )
    after = int(query.after) if query.after else None
    listed = stage.list_examples(site.ws, choice, after=after, limit=query.limit)
    items = [ExampleView.of(one) for one in listed.items]
    return Window(
        items=items,
        counters=listed.counters,
        total=sum(listed.counters.values()),
        first=str(items[0].position) if items else None,
        last=str(items[-1].position) if items else None,
        has_before=after is not None,
        has_after=listed.has_more,
    )


@router.get("/{id}")
def show_example(id: str, site: Here, person: Viewer) -> ExampleHistory:
    """One example and its history."""
    example, history = stage.show_example(site.ws, id)
    return ExampleHistory(example=ExampleView.of(example), history=history)
