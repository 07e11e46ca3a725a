"""What all requests share: the open workspace, who is signed in, live events, running imports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Depends, Query, Request

from hone.loop import Workspace
from hone.records.person import Role
from hone.stages import configure, ingest
from hone.web.access import NotAllowed, NotSignedIn, NotThisSeat, Visitor, hash_of
from hone.web.events import Happened, Hub
from hone.web.imports import Begin, Imports
from hone.web.security import Access
from hone.web.sign_ins import SignIns
from hone.web.static_files import StaticFiles
from hone.web.watching import Watch

# Each thread that reads holds a connection with its own cache; decisions have lanes of their own,
# so that a slow search never keeps one waiting, and so has the look for what happened.
READING_LANES, DECIDING_LANES, WATCHING_LANES = 4, 2, 1

_T = TypeVar("_T")


class Site:
    """One server's shared things; the workspace is the caller's to close."""

    def __init__(self, ws: Workspace, access: Access, begin: Begin | None = None) -> None:
        self.ws = ws
        self.access = access
        self.static = StaticFiles()
        self.sign_ins = SignIns(ws, access)
        self.imports = Imports(ws, begin)
        self._watch = Watch(ws, self.imports)
        self._deciding = CapacityLimiter(DECIDING_LANES)
        self._watching = CapacityLimiter(WATCHING_LANES)
        self.hub = Hub(self._look)

    def prepare(self) -> None:
        """Before the first request: note where the workspace stands, remove what was left over."""
        self._watch.look()
        ingest.sweep_uploads(self.ws)

    async def deciding(self, work: Callable[[], _T]) -> _T:
        """Run what journals decisions; tell all browsers when it is done."""
        done = await run_sync(work, limiter=self._deciding)
        self.hub.nudge()
        return done

    async def quickly(self, work: Callable[[], _T]) -> _T:
        """Run what may ask the store one short question."""
        return await run_sync(work, limiter=self._deciding) if self.access.is_shared else work()

    def refresh(self) -> None:
        """Take up what somebody changed in hone.yaml meanwhile."""
        configure.refresh_settings(self.ws)

    async def _look(self) -> list[Happened]:
        return await run_sync(self._watch.look, limiter=self._watching)


def site_of(request: Request) -> Site:
    """The site that a request came to."""
    return request.app.state.site


def seat_of(site: Site, visitor: Visitor) -> str:
    """One word for who decides in which workspace; it tells neither."""
    return hash_of(f"{site.ws.root}\n{visitor.name}")[:16]


def cookie_of(request: Request) -> str | None:
    """The cookie of this server, if the request brings it."""
    return request.cookies.get(site_of(request).access.cookie)


def somebody(request: Request) -> Visitor | None:
    """Who asks, by bearer token or cookie; None where nobody is signed in."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else None
    return site_of(request).sign_ins.visitor(cookie_of(request), bearer)


# Coroutines, although they wait for nothing as a rule: a plain function would take one of the
# reading lanes, and a decision would queue behind slow searches before it has begun.
async def _here(request: Request) -> Site:
    return site_of(request)


def needs(role: Role) -> Callable[[Request], Awaitable[Visitor]]:
    """A dependency: who asks, who must have this role or a higher one."""

    async def visitor_of(request: Request) -> Visitor:
        site = site_of(request)
        # Where people have passwords, the store is asked for their role.
        visitor = await site.quickly(partial(somebody, request))
        if visitor is None:
            raise NotSignedIn("Nobody is signed in.", hint="Open the address that hone up printed.")
        if not visitor.may(role):
            raise NotAllowed(
                f"{visitor.name} is a {visitor.role}; this needs the role {role}.",
                hint=f"An admin runs: hone users add {visitor.name} --role {role}",
            )
        return visitor

    return visitor_of


async def _decider(
    request: Request,
    seat: Annotated[
        str | None,
        Query(
            max_length=100, description="that of the session: nobody decides by mistake as another"
        ),
    ] = None,
) -> Visitor:
    visitor = await needs("reviewer")(request)
    # The tabs of a browser share one cookie: in another tab somebody else may have signed in.
    if seat is not None and seat != seat_of(site_of(request), visitor):
        raise NotThisSeat(
            "Somebody else has signed in since, or another workspace is shown.",
            hint="Reload the page; what it has not sent yet is kept for who decided it.",
        )
    return visitor


Here = Annotated[Site, Depends(_here)]
Viewer = Annotated[Visitor, Depends(needs("viewer"))]
Reviewer = Annotated[Visitor, Depends(needs("reviewer"))]
Decider = Annotated[Visitor, Depends(_decider)]
Trainer = Annotated[Visitor, Depends(needs("trainer"))]
Admin = Annotated[Visitor, Depends(needs("admin"))]
