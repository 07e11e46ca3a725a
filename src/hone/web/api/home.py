"""`/api/home`: where the loop stands and what to do next."""

from __future__ import annotations

from fastapi import APIRouter

from hone.stages import home
from hone.web.site import Here, Viewer

router = APIRouter(prefix="/api/home", tags=["home"])


@router.get("")
def show_home(site: Here, visitor: Viewer) -> home.Home:
    """Progress, datasets, models, jobs, and the steps worth taking now."""
    site.refresh()
    return home.home(site.ws)
