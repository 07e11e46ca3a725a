"""Builds the web app over an open workspace: `build_app(Site(workspace, access))`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

import hone
from hone.web import errors, static_files
from hone.web.api import (
    datasets,
    endpoints,
    evaluations,
    events,
    examples,
    feedback,
    flags,
    home,
    imports,
    jobs,
    models,
    predictions,
    reviews,
    session,
    sessions,
    settings,
    tasks,
    trainings,
)
from hone.web.carrying import keep_carried_out, keep_current
from hone.web.security import Guard
from hone.web.site import READING_LANES, Site

# Nothing about a record may leave this machine because a variable of the environment says so.
NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
ROUTERS = (
    session.router,
    home.router,
    tasks.router,
    examples.router,
    reviews.router,
    flags.router,
    feedback.router,
    sessions.router,
    imports.router,
    datasets.router,
    evaluations.router,
    models.router,
    predictions.router,
    jobs.router,
    trainings.router,
    endpoints.router,
    settings.router,
    events.router,
)


def build_app(site: Site) -> FastAPI:
    """The whole web app; start nothing, load no torch."""
    app = FastAPI(
        title="Hone",
        version=hone.__version__,
        description="Everything that the web app does goes through here.",
        telemetry=NO_TELEMETRY,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.site = site
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router, responses={"4XX": {"model": errors.ErrorAnswer}})
    app.include_router(static_files.router)
    app.add_middleware(Guard, access=site.access)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    site: Site = app.state.site
    current_default_thread_limiter().total_tokens = READING_LANES
    telling = asyncio.create_task(site.hub.run())
    waking = asyncio.create_task(keep_carried_out(site.ws))
    renewing = asyncio.create_task(keep_current(site.ws))
    try:
        yield
    finally:
        waking.cancel()
        renewing.cancel()
        site.hub.close()
        await telling
