"""The thin HTTP shell around an emulator's state machine: routes, faults of the wire, control.

Control answers under `/_emulator/` without a key, for tests and people, never for the product:
`bill`, `faults` (GET, POST to arm, DELETE to disarm), `clock` (GET, POST {"advance": seconds})
and `log`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote

from emulators.bill import Bill
from emulators.clock import Clock
from emulators.faults import Faults, UnknownFault

TICK_SECONDS = 0.02
CONTROL = "/_emulator/"
LOG_LINES = 10_000


@dataclass(frozen=True)
class Request:
    """One request, whole."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    url: str
    raw_query: str = ""

    def json(self) -> Any:
        """The body as JSON; ValueError when it is none."""
        return json.loads(self.body)


@dataclass
class Reply:
    """One answer: JSON unless `body` is bytes or yields bytes."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/json"
    # The connection breaks after so many bytes of the body.
    cut_at: int | None = None


class Refusal(Exception):
    """What a state machine raises to answer with an error."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"{reply.status} {reply.body!r}")
        self.reply = reply


Answer = Callable[..., "Reply | Awaitable[Reply]"]
Route = tuple[str, str, Answer]


class Emulator(Protocol):
    """What the shell needs of an emulator."""

    clock: Clock
    faults: Faults
    bill: Bill
    url: str

    def routes(self) -> Sequence[Route]:
        """(method, path with {places}, answer(request, *places))."""

    def admit(
        self, request: Request, pattern: str | None
    ) -> contextlib.AbstractContextManager[Any]:
        """Refuse strangers and crowds; the context lasts as long as the request."""

    def absent(self, request: Request, allowed: Sequence[str]) -> Reply:
        """The provider's own 404, or 405 when other methods are `allowed` here."""

    def tick(self) -> None:
        """Let time do its work."""

    def close(self) -> None:
        """End every process and remove every folder."""


class App:
    """An ASGI application over an emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.log: list[dict[str, Any]] = []
        self._routes = [
            (method, pattern, _shape(pattern), answer)
            for method, pattern, answer in emulator.routes()
        ]

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        """Serve one connection of the ASGI protocol."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        request = await _read(scope, receive, self.emulator.url)
        if request.path.startswith(CONTROL):
            await _send(send, self._control(request))
            return
        self.emulator.tick()
        reply, is_lost = await self._answer(request)
        entry = {"at": self.emulator.clock.now(), "method": request.method, "path": request.path}
        self.log.append({**entry, "status": reply.status, "lost": is_lost})
        del self.log[:-LOG_LINES]
        await _send(send, reply, is_lost=is_lost, with_body=request.method != "HEAD")

    async def _answer(self, request: Request) -> tuple[Reply, bool]:
        faults = self.emulator.faults
        where = {"method": request.method, "path": request.path}
        refused = faults.strike("http_status", **where)
        if refused is not None:
            words = str(refused.get("text", "upstream error"))
            kind = str(refused.get("kind", "text/plain"))
            return Reply(int(refused.get("status", 500)), words.encode(), kind=kind), False
        try:
            reply = await self._dispatch(request)
        except Refusal as refusal:
            reply = refusal.reply
        slow = faults.strike("reply_slow", **where)
        if slow is not None:
            await asyncio.sleep(float(slow.get("seconds", 1)))
        return reply, faults.strike("reply_lost", **where) is not None

    async def _dispatch(self, request: Request) -> Reply:
        allowed = []
        for method, pattern, shape, answer in self._routes:
            found = shape.match(request.path)
            if found and method == request.method:
                with self.emulator.admit(request, pattern):
                    reply = answer(request, *(unquote(place) for place in found.groups()))
                    return reply if isinstance(reply, Reply) else await reply
            if found:
                allowed.append(method)
        with self.emulator.admit(request, None):
            return self.emulator.absent(request, allowed)

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        ticking = asyncio.create_task(self._tick_on())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        ticking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ticking
        self.emulator.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _tick_on(self) -> None:
        while True:
            try:
                self.emulator.tick()
            except Exception:
                # Time must go on; the trouble is a bug of the emulator and is shown as one.
                logging.getLogger("emulators").exception("tick")
            await asyncio.sleep(TICK_SECONDS)

    def _control(self, request: Request) -> Reply:
        name = request.path.removeprefix(CONTROL)
        emulator = self.emulator
        now = emulator.clock.now()
        if name == "bill":
            rows = emulator.bill.rows(now)
            return Reply(body={"now": now, "total_usd": emulator.bill.total(now), "machines": rows})
        if name == "clock":
            if request.method == "POST":
                emulator.clock.advance(float(request.json()["advance"]))
                emulator.tick()
            return Reply(body={"now": emulator.clock.now()})
        if name == "log":
            return Reply(body={"requests": self.log})
        if name == "faults":
            return self._faults(request)
        return Reply(404, {"error": f"no control {name!r}"})

    def _faults(self, request: Request) -> Reply:
        faults = self.emulator.faults
        if request.method == "POST":
            wanted = request.json()
            try:
                faults.arm(wanted.pop("name"), **wanted)
            except (UnknownFault, TypeError) as error:
                return Reply(400, {"error": str(error)})
        if request.method == "DELETE":
            faults.disarm(request.query.get("name"))
        armed = [one.name for one in faults.armed if one.times]
        return Reply(body={"menu": faults.menu, "armed": armed, "struck": faults.struck})


def _shape(pattern: str) -> re.Pattern[str]:
    """`{name}` is one part of a path, `{name*}` the whole rest."""
    whole = re.sub(r"\{\w+\*\}", "(.+)", pattern)
    return re.compile(re.sub(r"\{\w+\}", "([^/]+)", whole) + "$")


async def _read(scope: Mapping[str, Any], receive: Any, url: str) -> Request:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            break
    raw_query = scope["query_string"].decode()
    return Request(
        method=scope["method"],
        # The path as sent: a key of S3 may hold an escaped slash.
        path=scope.get("raw_path", scope["path"].encode()).decode("ascii").partition("?")[0],
        query=dict(parse_qsl(raw_query, keep_blank_values=True)),
        headers={
            name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]
        },
        body=body,
        url=url,
        raw_query=raw_query,
    )


async def _send(send: Any, reply: Reply, *, is_lost: bool = False, with_body: bool = True) -> None:
    headers = {"content-type": reply.kind, **{k.lower(): v for k, v in reply.headers.items()}}
    if isinstance(reply.body, AsyncIterator):
        await _start(send, reply.status, headers)
        async for piece in reply.body:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    if reply.body is None:
        body = b""
        headers.pop("content-type")
    else:
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
    if reply.status != 204:
        headers.setdefault("content-length", str(len(body)))
    if is_lost:
        # Headers that promise more than comes: every client sees a broken connection.
        await _start(send, reply.status, {"content-length": str(len(body) + 1)})
        return
    await _start(send, reply.status, headers)
    if reply.cut_at is not None:
        piece = body[: reply.cut_at]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        return
    await send({"type": "http.response.body", "body": body if with_body else b""})


async def _start(send: Any, status: int, headers: Mapping[str, str]) -> None:
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
