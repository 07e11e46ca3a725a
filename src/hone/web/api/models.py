"""`/api/models`: versions, where they come from, and which one answers."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from hone import loop
from hone.records.comparison import GateResult
from hone.records.model import ModelVersion
from hone.stages import registry
from hone.web.site import Here, Trainer, Viewer

router = APIRouter(prefix="/api/models", tags=["models"])


class ActiveRequest(BaseModel):
    """Make a version the one that answers."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field(default="", max_length=2000, description="why; kept in the journal")
    is_forced: bool = Field(
        default=False, description="also where the gate says no; then a note is needed"
    )


class Activated(BaseModel):
    """The version that answers from now on, and what the gate said of it."""

    model: ModelVersion
    gate: GateResult


@router.get("")
def list_models(site: Here, visitor: Viewer) -> list[registry.ModelSummary]:
    """Every version, by name and number."""
    return registry.list_models(site.ws)


@router.get("/{ref}")
def show_model(ref: str, site: Here, visitor: Viewer) -> registry.ModelInfo:
    """One version with its figures, files and ancestry down to the reviewers."""
    return registry.model_info(site.ws, ref)


@router.get("/{ref}/gate")
def judge_gate(ref: str, site: Here, visitor: Viewer) -> GateResult:
    """What the gate says of this version against the active one, by stored evaluations alone."""
    site.refresh()
    return loop.judge_gate(site.ws, ref)


@router.put("/{ref}/active")
async def set_active(ref: str, asked: ActiveRequest, site: Here, visitor: Trainer) -> Activated:
    """Make a version the active one; 403 where the gate says no and nobody overrides it."""

    def choose() -> Activated:
        site.refresh()
        judged = loop.judge_gate(site.ws, ref)
        model = loop.set_active(
            site.ws, judged, note=asked.note, is_forced=asked.is_forced, reviewer=visitor.name
        )
        return Activated(model=model, gate=judged)

    return await site.deciding(choose)
