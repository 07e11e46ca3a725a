"""`/api/predictions`: what the rules and the active model answered ahead, and how far they are."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from hone import loop
from hone.records.choice import MOST_ITEMS
from hone.web.site import Here, Trainer, Viewer

router = APIRouter(prefix="/api/predictions", tags=["predictions"])


class LookUpQuery(BaseModel):
    """Which examples of which task."""

    model_config = ConfigDict(extra="forbid")

    task: str | None = Field(default=None, description="by default the workspace's own")
    id: list[str] = Field(
        default_factory=list,
        max_length=MOST_ITEMS,
        description="examples; none: only how far each way is, and which version waits",
    )


class AheadRequest(BaseModel):
    """Let all messages of a task be answered."""

    model_config = ConfigDict(extra="forbid")

    task: str | None = None
    method: Literal["rules", "model", "both"] = "both"


@router.get("")
def look_up(query: Annotated[LookUpQuery, Query()], site: Here, visitor: Viewer) -> loop.LookedUp:
    """Predictions by example; nothing is computed for it."""
    return loop.look_at_predictions(site.ws, query.task, query.id)


@router.post("")
def predict_all(asked: AheadRequest, site: Here, visitor: Trainer) -> loop.LookedUp:
    """Begin, or go on with, what has no answer yet; says how far each way is."""
    site.refresh()
    found = loop.predict_all(site.ws, asked.task, method=asked.method)
    site.hub.nudge()
    return found
