"""`/api/reviews`: decisions and taking them back; every answer comes after the commit."""

from __future__ import annotations

from functools import partial
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from hone.records.review import Decision, Receipt, Verdict
from hone.stages import review
from hone.web.site import Here, Reviewer

MOST_OPERATIONS = 100

router = APIRouter(prefix="/api/reviews", tags=["reviews"])


class DecisionRequest(BaseModel):
    """One decision; the reviewer is whoever is signed in."""

    model_config = ConfigDict(extra="forbid")

    op_id: str = Field(min_length=8, max_length=100, description="unique, chosen by the sender")
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
    counters: dict[str, int]


class StepRequest(BaseModel):
    """Undo or redo: the named operation, or the newest of whoever is signed in."""

    model_config = ConfigDict(extra="forbid")

    op_id: str = Field(min_length=8, max_length=100)
    target: str | None = Field(default=None, max_length=100)


class StepAnswer(BaseModel):
    """What an undo or redo changed."""

    receipt: Receipt
    examples: list[str] = Field(description="which examples stand differently, at most 200")
    counters: dict[str, int]


@router.post("")
async def decide(asked: DecisionsRequest, site: Here, person: Reviewer) -> DecisionsAnswer:
    """Journal up to 100 decisions in one transaction."""
    decisions = [
        Decision.model_construct(reviewer=person.name, **dict(one)) for one in asked.operations
    ]

    def work() -> DecisionsAnswer:
        receipts = review.decide(site.ws, decisions)
        return DecisionsAnswer(receipts=receipts, counters=_counters(site))

    return await run_sync(work, limiter=site.deciding)


@router.post("/undo")
async def undo(asked: StepRequest, site: Here, person: Reviewer) -> StepAnswer:
    """Take the named operation back, or the newest of whoever is signed in."""
    step = partial(review.undo, site.ws, reviewer=person.name)
    return await run_sync(partial(_step, site, asked, step), limiter=site.deciding)


@router.post("/redo")
async def redo(asked: StepRequest, site: Here, person: Reviewer) -> StepAnswer:
    """Repeat what was taken back."""
    step = partial(review.redo, site.ws, reviewer=person.name)
    return await run_sync(partial(_step, site, asked, step), limiter=site.deciding)


def _step(site: Here, asked: StepRequest, step: Any) -> StepAnswer:
    receipt = step(target=asked.target, op_id=asked.op_id)
    return StepAnswer(receipt=receipt, examples=[], counters=_counters(site))


def _counters(site: Here) -> dict[str, int]:
    return site.ws.store.examples.counters()
