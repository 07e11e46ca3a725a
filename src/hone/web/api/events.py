"""`/api/events`: what happens, as it happens, to every browser that listens."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse

from hone.errors import Unavailable
from hone.web.site import Here, Viewer, somebody

MOST_LISTENERS = 200

router = APIRouter(prefix="/api/events", tags=["events"])


@router.get(
    "",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events: `ready`, `reviews`, `import`, `job`, `resync`.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def listen(
    request: Request,
    site: Here,
    visitor: Viewer,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """One stream for a browser; with `Last-Event-ID` it goes on where it was cut off."""
    if site.hub.listeners >= MOST_LISTENERS:
        raise Unavailable("Too many browsers listen.", hint="Close some tabs.")

    async def is_welcome() -> bool:
        return await site.quickly(partial(somebody, request)) is not None

    return StreamingResponse(
        site.hub.listen(last_event_id, is_welcome),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
