"""Runs the web app: one socket, one server, one address with the start-up token."""

from __future__ import annotations

import hashlib
import ipaddress
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Sequence
from types import FrameType

import uvicorn
from fastapi import FastAPI

from hone.errors import Conflict, HoneError, InvalidInput
from hone.loop import Workspace, reviewer_name
from hone.settings import web_token
from hone.stages import people
from hone.web.access import new_token
from hone.web.app import build_app
from hone.web.security import Access
from hone.web.site import Site

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8321
EVERYWHERE = ("0.0.0.0", "::", "[::]")
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
# A decision asks the database some thirty short questions and wants the interpreter back after
# each; Python's usual 5 ms, beside a search that computes, would make 150 ms of that.
SWITCH_SECONDS = 0.0005
GRACE_SECONDS = 3
START_SECONDS = 20.0
LOOK_SECONDS = 0.1
# Ports that systems neither reserve nor hand out by themselves as a rule.
FIRST_OWN_PORT, OWN_PORTS = 20_000, 10_000


class Server(uvicorn.Server):
    """A server that says when it listens, and ends its event streams when it is told to stop."""

    def __init__(
        self, app: FastAPI, on_started: Callable[[], None], on_stopping: Callable[[], None]
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._on_started = on_started
        self._on_stopping = on_stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        sys.setswitchinterval(SWITCH_SECONDS)
        await super().startup(sockets)
        self._on_started()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; the streams end first, because no other connection stays open for long."""
        self._on_stopping()
        super().handle_exit(sig, frame)


class Address:
    """A bound socket, and under which names it may be reached."""

    def __init__(self, host: str, port: int, also: Sequence[str] = ()) -> None:
        self.host = host
        self.socket = _bound(host, port)
        self.port: int = self.socket.getsockname()[1]
        self.is_shared = not is_loopback(host)
        names = {*LOOPBACK_NAMES, _written(host)} - set(EVERYWHERE)
        names |= _own_names(host) if self.is_shared else set()
        self.hosts = frozenset(
            {f"{name}:{self.port}".lower() for name in names} | {name.lower() for name in also}
        )

    @property
    def name(self) -> str:
        """How others find it."""
        host = socket.gethostname() if self.host in EVERYWHERE else _written(self.host)
        return f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        nearest = {"0.0.0.0": "127.0.0.1", "localhost": "127.0.0.1", "::": "[::1]"}
        return f"http://{nearest.get(self.host, _written(self.host))}:{self.port}/"


def own_address(ws: Workspace, port: int | None = None) -> Address:
    """A port that a workspace gets each time: what its page keeps in the browser is found again.

    Where another program has it, any free one.
    """
    if port is not None:
        return Address(DEFAULT_HOST, port)
    named = hashlib.sha256(str(ws.root.resolve()).encode()).digest()
    try:
        return Address(DEFAULT_HOST, FIRST_OWN_PORT + int.from_bytes(named[:4]) % OWN_PORTS)
    except Conflict:
        return Address(DEFAULT_HOST, 0)


def site_for(ws: Workspace, address: Address) -> Site:
    """The site that answers at an address; its token is new, or the one of HONE_TOKEN.

    InvalidInput where others can reach the address and nobody has a password.
    """
    if address.is_shared and not people.has_people(ws):
        address.socket.close()
        raise InvalidInput(
            f"{address.host} can be reached by others, and nobody has a password here.",
            hint="hone users add NAME --role reviewer",
        )
    access = Access(
        token=web_token() or new_token(),
        operator=reviewer_name(),
        hosts=address.hosts,
        # Browsers share cookies between the ports of a host: another server must not take ours.
        cookie=f"hone_{address.port}",
        is_shared=address.is_shared,
    )
    return Site(ws, access)


def serve(site: Site, address: Address, *, say: Callable[[str], None], open_browser: bool) -> None:
    """Serve until Ctrl+C."""
    site.prepare()
    link = f"{address.url}#token={site.access.token}"

    def started() -> None:
        say(f"Hone shows {site.ws.root} at {link}")
        if address.is_shared:
            say(f"Others sign in with name and password at http://{address.name}/")
        say("Ctrl+C stops it; running jobs go on.")
        if open_browser:
            # Others on this machine can read what a program was started with: it opens once.
            ticket = f"{address.url}#token={site.sign_ins.new_ticket()}"
            # A browser that does not come back must not hold the server up.
            threading.Thread(target=webbrowser.open, args=(ticket,), daemon=True).start()

    Server(build_app(site), started, site.hub.close).run(sockets=[address.socket])


class Running:
    """A server in a thread of its own, for a window of this process; ends with the block."""

    def __init__(self, site: Site, address: Address) -> None:
        self.site = site
        self._address = address
        self._has_started = threading.Event()
        self._server = Server(build_app(site), self._has_started.set, site.hub.close)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [address.socket]}, daemon=True
        )

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._address.port

    @property
    def link(self) -> str:
        """The address with the start-up token."""
        return f"{self._address.url}#token={self.site.access.token}"

    def one_time_link(self) -> str:
        """An address that signs in once: what a browser is started with, others can read."""
        return f"{self._address.url}#token={self.site.sign_ins.new_ticket()}"

    def wait(self) -> None:
        """Until Ctrl+C."""
        try:
            while self._thread.is_alive():
                self._thread.join(1.0)
        except KeyboardInterrupt:
            return

    def __enter__(self) -> Running:
        try:
            self.site.prepare()
        except BaseException:
            self._address.socket.close()
            raise
        self._thread.start()
        until = time.monotonic() + START_SECONDS
        while not self._has_started.wait(LOOK_SECONDS):
            # What fails at once is not waited for.
            if not self._thread.is_alive() or time.monotonic() > until:
                raise HoneError("The server did not start.", hint="Run hone up to see why.")
        return self

    def __exit__(self, *_: object) -> None:
        self.site.hub.close()
        self._server.should_exit = True
        self._thread.join(2 * GRACE_SECONDS)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named, because asyncio sends small answers at once only where it is: without
    # it each acknowledgement of a decision would wait 40 ms for the browser's system.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # Not on Windows, where it would let two servers take the same port.
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OverflowError as error:
        listener.close()
        raise InvalidInput(f"{port} is no port.", hint="hone up --port 8321") from error
    except OSError as error:
        listener.close()
        raise Conflict(
            f"Port {port} of {host} cannot be used: {(error.strerror or str(error)).lower()}.",
            hint=f"hone up --port {port + 1}",
        ) from error
    return listener


def _written(host: str) -> str:
    """A host as it stands in an address."""
    return f"[{host}]" if ":" in host else host


def _own_names(host: str) -> set[str]:
    """Names and addresses of this machine; for one address, that one and the machine's name."""
    names = {socket.gethostname(), socket.getfqdn()}
    if host not in EVERYWHERE:
        return names
    import psutil

    for found in psutil.net_if_addrs().values():
        for one in found:
            if one.family == socket.AF_INET:
                names.add(one.address)
            elif one.family == socket.AF_INET6:
                names.add(f"[{one.address.partition('%')[0]}]")
    return names
