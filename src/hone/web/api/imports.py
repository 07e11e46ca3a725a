"""`/api/imports`: a file comes in, is looked at, and is imported by a process of its own."""

from __future__ import annotations

from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from hone.records.choice import Word
from hone.stages import ingest
from hone.stages.ingest import ImportPlan, Order, Progressed, Upload
from hone.web.access import NotAllowed, Visitor
from hone.web.site import Here, Reviewer, Viewer
from hone.web.uploading import take_in

router = APIRouter(prefix="/api/imports", tags=["imports"])


class PlanRequest(BaseModel):
    """An upload, and what is said about it; what is not said is guessed and shown."""

    model_config = ConfigDict(extra="forbid")

    upload: str = Field(max_length=100)
    task: Word | None = Field(default=None, description="by default the workspace's task")
    shape: Word | None = Field(default=None, description="a shape (alpaca, …) or an importer (csv)")
    mapping: dict[Word, Word] = Field(default_factory=dict, description="field -> column")
    options: dict[str, Any] = Field(default_factory=dict, description="how the file is read")
    new_task: Word | None = Field(default=None, description="make this task of the slots found")


class ImportRequest(PlanRequest):
    """What was planned, to be done."""

    accept_as_me: bool = Field(default=False, description="accept what is pending of this file")


class ImportStarted(BaseModel):
    """An import that runs now."""

    id: str = Field(serialization_alias="import")


@router.post(
    "/files",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
        }
    },
)
async def upload_file(
    request: Request,
    site: Here,
    visitor: Reviewer,
    name: Annotated[str, Query(min_length=1, max_length=500)],
) -> Upload:
    """Take a file in; it lies aside until it is imported, a day at most."""
    await run_sync(ingest.sweep_uploads, site.ws)
    return await take_in(site.ws, name, request.stream())


@router.post("/plan")
def plan_import(asked: PlanRequest, site: Here, visitor: Reviewer) -> ImportPlan:
    """What importing the upload would do; nothing is taken."""
    site.refresh()
    return ingest.plan_upload(site.ws, asked.upload, _order(asked, visitor))


@router.post("")
def start_import(asked: ImportRequest, site: Here, visitor: Reviewer) -> ImportStarted:
    """Import the upload; `import` events and GET /api/imports/{id} say how far it is."""
    order = _order(asked, visitor)
    if asked.accept_as_me:
        order.accept_as = visitor.name
    site.imports.start(asked.upload, order, visitor.name)
    site.hub.nudge()
    return ImportStarted(id=asked.upload)


@router.get("/{id}")
def show_import(id: str, site: Here, visitor: Viewer) -> Progressed:
    """How far an import is, and what came of it."""
    return site.imports.look(id)


@router.post("/{id}/cancel")
def cancel_import(id: str, site: Here, visitor: Reviewer) -> Progressed:
    """Ask an import to stop; what was taken stays."""
    ingest.cancel_import(site.ws, id)
    return site.imports.look(id)


@router.get(
    "/{id}/refused",
    response_class=FileResponse,
    responses={200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}},
)
def download_refused(id: str, site: Here, visitor: Viewer) -> FileResponse:
    """The rows that could not be taken, each with its line and the reason."""
    path = ingest.refused_rows(site.ws, id)
    return FileResponse(path, media_type="application/x-ndjson", filename=f"refused-{path.name}")


def _order(asked: PlanRequest, visitor: Visitor) -> Order:
    if asked.new_task is not None and not visitor.may("trainer"):
        raise NotAllowed(
            f"{visitor.name} is a {visitor.role}; a new task needs the role trainer.",
            hint="Import into a task that is there, or ask a trainer.",
        )
    return Order(
        task=asked.task,
        shape=asked.shape,
        mapping=asked.mapping,
        options=asked.options,
        new_task=asked.new_task,
    )
