"""What is checked before any endpoint runs, and the headers of every answer.

A page of another origin must not act here: the host must be one of ours exactly (a name that
somebody points at 127.0.0.1 is not), browsers must say that a request comes from our own page,
and bodies must be of a kind that no plain form can send.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hone.stages.ingest.uploads import MOST_BYTES
from hone.web.errors import bug, refusal

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
READING = frozenset(("GET", "HEAD", "OPTIONS"))
JSON, BYTES = "application/json", "application/octet-stream"
UPLOAD_PATH = "/api/imports/files"
MOST_BODY_BYTES = 16 * 1024 * 1024
# What is streamed to the disk has a bound of its own.
MOST_BYTES_OF = {UPLOAD_PATH: MOST_BYTES, "/api/sessions/load": MOST_BYTES}


@dataclass(frozen=True)
class Access:
    """Whom this server lets in, and under which names it answers."""

    token: str
    operator: str
    hosts: frozenset[str]
    cookie: str = "hone"
    is_shared: bool = False

    @property
    def origins(self) -> frozenset[str]:
        """The origins of our own pages; https where somebody put a proxy before us."""
        return frozenset(
            f"{scheme}://{host}" for scheme in ("http", "https") for host in self.hosts
        )


class Guard:
    """The outermost layer of the app."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or let through; every answer gets the headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_api = scope["path"].startswith("/api/")
        has_begun = False

        async def with_headers(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                message["headers"] = _completed(message.get("headers", ()), is_api=is_api)
            await send(message)

        headers = Headers(scope=scope)
        found = self._wrong_host(headers) or (is_api and self._not_ours(scope, headers))
        if found:
            await refusal(found[0], found[1], found[2])(scope, receive, with_headers)
            return
        try:
            await self.app(scope, _counted(scope, receive), with_headers)
        except Exception as error:
            if has_begun:
                raise
            await bug(error)(scope, receive, with_headers)

    def _wrong_host(self, headers: Headers) -> tuple[int, str, str] | None:
        hosts = headers.getlist("host")
        if len(hosts) == 1 and hosts[0].lower() in self.access.hosts:
            return None
        named = hosts[0] if hosts else ""
        return (
            421,
            f'This server does not answer to the name "{named}".',
            f"Open http://{min(self.access.hosts)}/, or start it with --allow-host NAME.",
        )

    def _not_ours(self, scope: Scope, headers: Headers) -> tuple[int, str, str] | None:
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site not in (None, "same-origin", "none") or origin not in (None, *self.access.origins):
            return 403, "The request comes from another site.", "Use the page of this server."
        if scope["method"] in READING:
            return None
        is_from_browser = self.access.cookie in cookie_parser(headers.get("cookie", ""))
        if is_from_browser and site is None and origin is None:
            return (
                403,
                "A request with a cookie must say where it comes from.",
                "Scripts send no cookie but: Authorization: Bearer TOKEN",
            )
        return _wrong_size(scope, headers) or _wrong_kind(scope, headers)


def _wrong_size(scope: Scope, headers: Headers) -> tuple[int, str, str] | None:
    most = _most_bytes(scope)
    said = headers.get("content-length", "0")
    if said.isdecimal() and len(said) < 20 and int(said) <= most:
        return None
    return 413, "The request is too large.", f"Send at most {most // 1024**2:,} MB at once."


def _counted(scope: Scope, receive: Receive) -> Receive:
    """Counts what really comes, for bodies that do not say how long they are."""
    left = _most_bytes(scope)

    async def counting() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413)
        return message

    return counting


def _most_bytes(scope: Scope) -> int:
    return MOST_BYTES_OF.get(scope["path"], MOST_BODY_BYTES)


def _wrong_kind(scope: Scope, headers: Headers) -> tuple[int, str, str] | None:
    is_empty = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
    if is_empty and scope["path"] != UPLOAD_PATH:
        return None
    wanted = BYTES if scope["path"] == UPLOAD_PATH else JSON
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == wanted:
        return None
    said = f'"{kind}"' if kind else "nothing"
    return 415, f"The request says it holds {said}.", f"Content-Type: {wanted}"


def _completed(given: object, *, is_api: bool) -> list[tuple[bytes, bytes]]:
    headers = list(given)  # type: ignore[call-overload]
    names = {name.lower() for name, _ in headers}
    headers += [pair for pair in HEADERS if pair[0] not in names]
    if is_api and b"cache-control" not in names:
        headers.append((b"cache-control", b"no-store"))
    return headers
