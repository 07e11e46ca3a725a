"""`/api/session`: who is signed in here, signing in, signing out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

import hone
from hone.errors import InvalidInput
from hone.records.person import Role
from hone.web.access import Visitor
from hone.web.sign_ins import LASTS
from hone.web.site import Here, Site, cookie_of, seat_of, somebody

router = APIRouter(prefix="/api/session", tags=["session"])


class WorkspaceView(BaseModel):
    """Which workspace this server shows."""

    name: str
    path: str


class SessionView(BaseModel):
    """Who is signed in, and where; without a person only what the sign-in page needs."""

    user: str | None
    role: Role | None
    seat: str | None = Field(description="goes with every decision: who decides in which workspace")
    is_shared: bool = Field(description="people sign in with names and passwords")
    version: str
    workspace: WorkspaceView | None
    default_task: str | None
    event_stream: bool = Field(description="whether /api/events can be listened to")
    is_read_only: bool = Field(description="nothing can be decided: the store cannot be written")


class SignInRequest(BaseModel):
    """Either the start-up token, or a name with its password."""

    model_config = ConfigDict(extra="forbid")

    token: str | None = Field(default=None, max_length=500, repr=False)
    name: str | None = Field(default=None, max_length=200)
    password: str | None = Field(default=None, max_length=1000, repr=False)


@router.get("")
def show_session(request: Request, site: Here) -> SessionView:
    """Who is signed in; answers also where nobody is."""
    return _view(site, somebody(request))


@router.post("")
def sign_in(asked: SignInRequest, request: Request, response: Response, site: Here) -> SessionView:
    """Sign in; the answer sets a cookie that scripts of a page cannot read."""
    address = request.client.host if request.client else ""
    if asked.token is not None:
        cookie, visitor = site.sign_ins.with_token(asked.token, address)
    elif asked.name is not None and asked.password is not None:
        cookie, visitor = site.sign_ins.with_password(asked.name, asked.password, address)
    else:
        raise InvalidInput(
            "Neither a token nor a name with its password was given.",
            hint='{"token": "…"} or {"name": "…", "password": "…"}',
        )
    site.sign_ins.end(cookie_of(request))
    response.set_cookie(
        site.access.cookie,
        cookie,
        max_age=round(LASTS.total_seconds()),
        httponly=True,
        samesite="strict",
    )
    return _view(site, visitor)


@router.delete("")
def sign_out(request: Request, response: Response, site: Here) -> SessionView:
    """Sign out: the cookie is worth nothing afterwards."""
    site.sign_ins.end(cookie_of(request))
    response.delete_cookie(site.access.cookie, httponly=True, samesite="strict")
    return _view(site, None)


def _view(site: Site, visitor: Visitor | None) -> SessionView:
    ws = site.ws
    if visitor is not None:
        site.refresh()
    return SessionView(
        user=visitor.name if visitor else None,
        role=visitor.role if visitor else None,
        seat=seat_of(site, visitor) if visitor else None,
        is_shared=site.access.is_shared,
        version=hone.__version__,
        workspace=WorkspaceView(name=ws.root.name, path=str(ws.root)) if visitor else None,
        default_task=ws.task().name if visitor else None,
        event_stream=True,
        is_read_only=ws.store.is_read_only,
    )
