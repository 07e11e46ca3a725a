"""`/api/sessions`: a review session as one file, to go on with it here or elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from hone.errors import HoneError, Unavailable
from hone.stages import ingest
from hone.stages.ingest import Order, SessionReport
from hone.web.imports import ENDED
from hone.web.site import Here, Reviewer, Viewer
from hone.web.uploading import take_in

WAIT_SECONDS = 600.0

router = APIRouter(prefix="/api/sessions", tags=["sessions"])


@router.get(
    "/file",
    response_class=FileResponse,
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
def download_session(
    site: Here,
    visitor: Viewer,
    task: Annotated[str | None, Query(description="by default the workspace's task")] = None,
    current: Annotated[
        str | None, Query(description="the example under review: it comes first when resumed")
    ] = None,
) -> FileResponse:
    """Every example of a task with what was decided on it, complete and readable."""
    site.refresh()
    folder = ingest.scratch_folder(site.ws)
    path = Path(folder.name) / "session.json"
    try:
        saved = ingest.save_session(site.ws, path, task=task, current=current)
    except BaseException:
        folder.cleanup()
        raise
    return FileResponse(
        path,
        media_type="application/json",
        filename=f"session-{saved.task}.json",
        background=BackgroundTask(folder.cleanup),
    )


@router.post(
    "/load",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    },
)
async def load_session(
    request: Request,
    site: Here,
    visitor: Reviewer,
    task: Annotated[str | None, Query(description="by default the one the file names")] = None,
) -> SessionReport:
    """Take a session up: its examples are added, its decisions journalled where they differ."""
    taken = await take_in(site.ws, "session.json", request.stream())
    order = Order(kind="session", task=task, accept_as=visitor.name)
    await run_sync(site.imports.start, taken.upload, order, visitor.name)
    ended = await site.imports.ended(taken.upload, WAIT_SECONDS)
    site.hub.nudge()
    if ended.state not in ENDED:
        raise Unavailable(
            "The session is still being taken up.",
            hint="It goes on by itself: look at the review in a while.",
        )
    if ended.session is None:
        await run_sync(ingest.forget_upload, site.ws, taken.upload)
        raise HoneError(ended.error, hint=ended.hint)
    return ended.session
