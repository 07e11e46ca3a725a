"""What all requests share: the open workspace, who is signed in, live events, running imports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, Request

from hone.loop import Workspace
from hone.web.access import NotAllowed, NotSignedIn, Person, Role
from hone.web.security import Access
from hone.web.sign_ins import SignIns
from hone.web.static_files import StaticFiles

# Each thread that reads holds a connection with its own cache; decisions have lanes of their own,
# so that a slow search never keeps one waiting.
READING_LANES, DECIDING_LANES = 8, 2


class Site:
    """One server's shared things; the workspace is the caller's to close."""

    def __init__(self, ws: Workspace, access: Access, static: StaticFiles | None = None) -> None:
        self.ws = ws
        self.access = access
        self.static = static or StaticFiles()
        self.sign_ins = SignIns(ws, access)
        self.deciding = CapacityLimiter(DECIDING_LANES)


def site_of(request: Request) -> Site:
    """The site that a request came to."""
    return request.app.state.site


def cookie_of(request: Request) -> str | None:
    """The cookie of this server, if the request brings it."""
    return request.cookies.get(site_of(request).access.cookie)


def somebody(request: Request) -> Person | None:
    """Who asks, by bearer token or cookie; None where nobody is signed in."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else None
    return site_of(request).sign_ins.person(cookie_of(request), bearer)


def needs(role: Role) -> Callable[[Request], Person]:
    """A dependency: the person who asks, who must have this role or a higher one."""

    def person_of(request: Request) -> Person:
        person = somebody(request)
        if person is None:
            raise NotSignedIn("Nobody is signed in.", hint="Open the address that hone up printed.")
        if not person.may(role):
            raise NotAllowed(
                f"{person.name} is a {person.role}; this needs a {role}.",
                hint=f"An admin runs: hone users add {person.name} --role {role}",
            )
        return person

    return person_of


Here = Annotated[Site, Depends(site_of)]
Viewer = Annotated[Person, Depends(needs("viewer"))]
Reviewer = Annotated[Person, Depends(needs("reviewer"))]
Trainer = Annotated[Person, Depends(needs("trainer"))]
Admin = Annotated[Person, Depends(needs("admin"))]
