"""`/api/evaluations` and `/api/comparisons`: how good answers were, example by example."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from hone.records.comparison import Comparison
from hone.records.evaluation import Band
from hone.stages import compare as comparing
from hone.stages import evaluate as evaluation
from hone.web.site import Here, Trainer, Viewer

MOST_MODELS = 6

router = APIRouter(prefix="/api", tags=["evaluations"])


class PageQuery(BaseModel):
    """Which examples of an evaluation, in which order, and from which place on."""

    model_config = ConfigDict(extra="forbid")

    contender: str | None = Field(
        default=None, max_length=200, description="whose scores count; by default the main one's"
    )
    band: list[Band] = Field(default_factory=list[Band], description="any of these; none: all")
    order: evaluation.Order = Field(
        default="worst",
        description="asked: as they stood; lost and won: where `against` was better or worse",
    )
    against: str | None = Field(default=None, max_length=200, description="another contender")
    text: str = Field(default="", max_length=200, description="what the answer must hold")
    start: int = Field(default=0, ge=0, le=100_000_000, description="the first place")
    limit: int = Field(default=60, ge=1, le=evaluation.MOST_ITEMS)


class QuickRequest(BaseModel):
    """Who is to answer a sample of its test or probe split."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(min_length=1, max_length=200, description="NAME, NAME@VERSION, or a base")
    sample: int = Field(
        default=evaluation.QUICK, ge=5, le=1000, description="examples, drawn by the seed"
    )
    split: evaluation.QuickSplit = Field(
        default="test", description="probe: what is wrong there is flagged for correction"
    )


class ComparisonQuery(BaseModel):
    """Who is compared, and on what."""

    model_config = ConfigDict(extra="forbid")

    model: list[str] = Field(
        min_length=2, max_length=MOST_MODELS, description="versions, or bases; the first leads"
    )
    on: str | None = Field(
        default=None, max_length=500, description="by default the test split of the first one"
    )
    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="of intervals and tests")


@router.get("/evaluations")
def list_evaluations(
    site: Here, visitor: Viewer, model: Annotated[str | None, Query(max_length=200)] = None
) -> list[evaluation.EvaluationLine]:
    """Every evaluation, newest first."""
    return evaluation.list_evaluations(site.ws, model)


@router.post("/evaluations")
def start_evaluation(asked: QuickRequest, site: Here, visitor: Trainer) -> evaluation.Answering:
    """A quick evaluation on this machine; 409 while the very same one is under way."""
    site.refresh()
    started = evaluation.start_quick(site.ws, asked.model, sample=asked.sample, split=asked.split)
    site.hub.nudge()
    return started


@router.get("/evaluations/answering")
def list_answering(site: Here, visitor: Viewer) -> list[evaluation.Answering]:
    """The evaluations that wait or run, the newest first."""
    return evaluation.under_way(site.ws)


@router.get("/evaluations/answering/{id}")
def show_answering(id: str, site: Here, visitor: Viewer) -> evaluation.Answering:
    """How far an evaluation is; where all have answered, the figures are made of it first."""
    return evaluation.look_at_answering(site.ws, id)


@router.post("/evaluations/answering/{id}/stop")
def stop_evaluation(id: str, site: Here, visitor: Trainer) -> evaluation.Answering:
    """Ask it to stop; its answers are kept, and the same evaluation goes on from them."""
    stopped = evaluation.stop_answering(site.ws, id)
    site.hub.nudge()
    return stopped


@router.get("/evaluations/{id}")
def show_evaluation(id: str, site: Here, visitor: Viewer) -> evaluation.EvaluationView:
    """One evaluation with its rows, differences, notes and the spread of scores."""
    return evaluation.look_at_evaluation(site.ws, id)


@router.get("/evaluations/{id}/examples")
def list_scored(
    id: str, query: Annotated[PageQuery, Query()], site: Here, visitor: Viewer
) -> evaluation.ScoredPage:
    """Examples with what was asked, the right answer, and what everybody wrote."""
    which = evaluation.Which(
        contender=query.contender,
        bands=query.band,
        order=query.order,
        against=query.against,
        text=query.text,
    )
    return evaluation.page_of_examples(site.ws, id, which, start=query.start, limit=query.limit)


@router.get("/comparisons")
def compare(query: Annotated[ComparisonQuery, Query()], site: Here, visitor: Viewer) -> Comparison:
    """Versions on the same examples, in pairs, from answers that are stored; nobody is asked.

    409 where one has not answered them yet; the hint is the command that asks.
    """
    wanted = comparing.wanted(site.ws, query.model, query.on)
    return comparing.compare(site.ws, wanted, confidence=query.confidence)
