"""`/api/feedback`: corrections into the training set, retrained, and what that did."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from hone import loop
from hone.records.correction_round import CorrectionRound, Retraining
from hone.records.feedback import Applied
from hone.web.site import Here, Trainer, Viewer

router = APIRouter(prefix="/api/feedback", tags=["feedback"])


class ApplyAnswer(BaseModel):
    """What the next dataset version changed, and where the round stands now."""

    applied: Applied
    round: CorrectionRound


class RetrainRequest(BaseModel):
    """What was agreed to."""

    model_config = ConfigDict(extra="forbid")

    price_usd: float = Field(
        default=0.0, ge=0, le=1e6, description="of the plan; nothing begins where it is more by now"
    )


@router.get("")
def show_round(site: Here, visitor: Viewer) -> CorrectionRound:
    """Where the newest round of corrections stands; whoever began its jobs."""
    return loop.look_at_round(site.ws)


@router.post("/apply")
def apply(site: Here, visitor: Trainer) -> ApplyAnswer:
    """Freeze the dataset version that trains on every correction, and its control without them."""
    site.refresh()
    found = loop.apply_feedback(site.ws)
    site.hub.nudge()
    return ApplyAnswer(applied=found, round=loop.look_at_round(site.ws))


@router.get("/plan")
def plan(site: Here, visitor: Trainer) -> Retraining:
    """What retraining would begin, how long it takes, and what it may cost; nothing is begun."""
    return loop.plan_round(site.ws)


@router.post("/retrain")
def retrain(asked: RetrainRequest, site: Here, visitor: Trainer) -> CorrectionRound:
    """Train as the corrected version was, on what is newer; 403 where something is missing."""
    site.refresh()
    begun = loop.retrain(site.ws, price_usd=asked.price_usd)
    site.hub.nudge()
    return begun


@router.post("/measure")
def measure(site: Here, visitor: Trainer) -> CorrectionRound:
    """Ask who is owed an answer, or report where all have answered; call it until `report`."""
    site.refresh()
    found = loop.measure_round(site.ws)
    site.hub.nudge()
    return found


@router.post("/stop")
def stop(site: Here, visitor: Trainer) -> CorrectionRound:
    """Ask what runs to stop; the same step goes on from there."""
    found = loop.stop_round(site.ws)
    site.hub.nudge()
    return found
