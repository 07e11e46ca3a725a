"""`/api/endpoints`: connect to the GPU service by the keys of `.env`, and choose an endpoint."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from hone.stages import endpoint_choice
from hone.web.site import Admin, Here, Trainer, Viewer

router = APIRouter(prefix="/api/endpoints", tags=["endpoints"])


class ChosenRequest(BaseModel):
    """The endpoint that trainings go to from now on."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1, max_length=100)


@router.get("")
def show_standing(site: Here, visitor: Viewer) -> endpoint_choice.ServiceStanding:
    """Which keys are set, never what they are, and which endpoint is taken; nobody is asked."""
    site.refresh()
    return endpoint_choice.service_standing(site.ws)


@router.post("/connect")
def connect(site: Here, visitor: Trainer) -> endpoint_choice.Connected:
    """Ask the service for the account's endpoints; nothing is made or changed there."""
    site.refresh()
    return endpoint_choice.connect_service(site.ws)


@router.put("/chosen")
def choose(asked: ChosenRequest, site: Here, visitor: Admin) -> endpoint_choice.ServiceStanding:
    """Take one of them for trainings; it stands in hone.yaml then."""
    site.refresh()
    return endpoint_choice.choose_endpoint(site.ws, asked.id)
