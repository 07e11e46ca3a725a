"""`/api/reviews`: decisions and taking them back; every answer comes after the commit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from hone.records.choice import Choice
from hone.records.review import Decision, Receipt, Verdict
from hone.stages import review
from hone.stages.audited import Audited, audited
from hone.web.api.views import Counters
from hone.web.site import Decider, Here, Reviewer, Site, Viewer

MOST_OPERATIONS = 100
MOST_COUNTED = 2**53

OperationId = Annotated[
    str, Field(min_length=8, max_length=100, description="unique, chosen by the sender")
]
CountedTask = Annotated[
    str | None, Query(description="whose counts come with the answer; by default all tasks'")
]

router = APIRouter(prefix="/api/reviews", tags=["reviews"])


class DecisionRequest(BaseModel):
    """One decision; it is made in the name of whoever is signed in."""

    model_config = ConfigDict(extra="forbid")

    op_id: OperationId
    example_id: str = Field(max_length=200)
    verdict: Verdict
    base_version: int | None = Field(default=None, description="the version that was looked at")
    output: Any = Field(default=None, description="edit: the answer; accept: which suggestion")
    note: str | None = Field(default=None, max_length=20_000)


class DecisionsRequest(BaseModel):
    """Decisions in the order in which they were made."""

    model_config = ConfigDict(extra="forbid")

    operations: list[DecisionRequest] = Field(min_length=1, max_length=MOST_OPERATIONS)


class DecisionsAnswer(BaseModel):
    """A receipt for each decision, in order, and the counts afterwards."""

    receipts: list[Receipt]
    counters: Counters


class StepRequest(BaseModel):
    """Undo or redo: the named operation, or the newest of whoever is signed in."""

    model_config = ConfigDict(extra="forbid")

    op_id: OperationId
    target: str | None = Field(default=None, max_length=100)


class StepAnswer(BaseModel):
    """What an undo or redo changed."""

    receipt: Receipt
    examples: list[str] = Field(description="which examples stand differently, at most 200")
    has_more_examples: bool
    counters: Counters


class PreviewRequest(BaseModel):
    """What would be decided."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    choice: Choice


class PreviewAnswer(BaseModel):
    """How many examples, and the state of the store in which they were counted."""

    count: int
    snapshot: str


class BulkRequest(PreviewRequest):
    """What was shown by a preview, to be done."""

    op_id: OperationId
    expected_count: int = Field(ge=0, le=MOST_COUNTED)
    snapshot: str = Field(max_length=500)
    note: str | None = Field(default=None, max_length=20_000)


class BulkAnswer(BaseModel):
    """What came of it."""

    receipt: Receipt
    counters: Counters


class ConsistencyView(BaseModel):
    """How often a reviewer decided alike when asked again, blindly."""

    repeats: int
    same: int = Field(description="the same answer")
    same_verdict: int
    share: float
    low: float = Field(description="of the 95 % interval of the share")
    high: float


class DayView(BaseModel):
    """What was decided on one day (UTC) and still stands."""

    day: date
    decisions: int
    examples: int


class StatisticsView(BaseModel):
    """How far the review is."""

    sentence: str
    total: int
    pending: int
    by_status: Counters
    by_reviewer: dict[str, Counters]
    consistency: dict[str, ConsistencyView]
    by_day: list[DayView]


@router.post("")
async def decide(
    asked: DecisionsRequest, site: Here, visitor: Decider, task: CountedTask = None
) -> DecisionsAnswer:
    """Journal up to 100 decisions in one transaction; the answer comes after the commit."""
    decisions = [Decision(reviewer=visitor.name, **dict(one)) for one in asked.operations]

    def work() -> DecisionsAnswer:
        receipts = review.decide(site.ws, decisions)
        return DecisionsAnswer(receipts=receipts, counters=review.counters(site.ws, task))

    return await site.deciding(work)


@router.post("/undo")
async def undo(
    asked: StepRequest, site: Here, visitor: Decider, task: CountedTask = None
) -> StepAnswer:
    """Take the named operation back, or the newest of whoever is signed in."""
    step = partial(review.undo, site.ws, reviewer=visitor.name)
    return await site.deciding(partial(_take_step, site, asked, step, task))


@router.post("/redo")
async def redo(
    asked: StepRequest, site: Here, visitor: Decider, task: CountedTask = None
) -> StepAnswer:
    """Repeat what was taken back."""
    step = partial(review.redo, site.ws, reviewer=visitor.name)
    return await site.deciding(partial(_take_step, site, asked, step, task))


@router.post("/bulk/preview")
def preview_bulk(asked: PreviewRequest, site: Here, visitor: Reviewer) -> PreviewAnswer:
    """How many examples a bulk decision would decide: the number to ask about."""
    found = review.preview_bulk(site.ws, asked.verdict, asked.choice)
    return PreviewAnswer(count=found.count, snapshot=found.snapshot)


@router.post("/bulk")
async def decide_many(
    asked: BulkRequest, site: Here, visitor: Decider, task: CountedTask = None
) -> BulkAnswer:
    """Decide what the preview showed, as one operation that is undone as one."""
    wanted = review.BulkDecision(reviewer=visitor.name, **dict(asked))

    def work() -> BulkAnswer:
        receipt = review.decide_many(site.ws, wanted)
        return BulkAnswer(receipt=receipt, counters=review.counters(site.ws, task))

    return await site.deciding(work)


@router.get("/statistics")
def show_statistics(site: Here, visitor: Viewer, task: str | None = None) -> StatisticsView:
    """How far the review is: by status, by reviewer, by day, and how steady each reviewer is."""
    found = review.statistics(site.ws, task=task)
    return StatisticsView(
        sentence=found.sentence,
        total=found.total,
        pending=found.pending,
        by_status=found.by_status,
        by_reviewer=found.by_reviewer,
        consistency={
            name: ConsistencyView(**one._asdict()) for name, one in found.consistency.items()
        },
        by_day=[DayView(**one._asdict()) for one in found.by_day],
    )


@router.get("/audited")
def show_audited(site: Here, visitor: Viewer, task: str | None = None) -> Audited:
    """What the audited messages of an extract task add up to, and whether they are enough."""
    return audited(site.ws, task)


def _take_step(
    site: Site, asked: StepRequest, step: Callable[..., Receipt], task: str | None
) -> StepAnswer:
    receipt = step(target=asked.target, op_id=asked.op_id)
    is_done = receipt.outcome in ("applied", "duplicate")
    moved = review.changed_by(site.ws, asked.op_id) if is_done else review.Touched([], False)
    return StepAnswer(
        receipt=receipt,
        examples=moved.ids,
        has_more_examples=moved.has_more,
        counters=review.counters(site.ws, task),
    )
