"""A real server, a real browser: one workspace, one server and one profile for every test."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hone.loop import Workspace, open_workspace
from tests.browser import samples
from tests.browser.seat import Seat

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from hone.web.site import Site

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
WAIT_MS = 30_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


# Not for the whole session: while it is open its event loop runs, and a test of another file that
# runs in the same process could start none of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium; the tests are skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of samples, made once and copied for every test."""
    folder = tmp_path_factory.mktemp("samples") / "harbour-review"
    samples.make(folder).close()
    return folder


@pytest.fixture
def workspace(drawn: Path, tmp_path: Path) -> Iterator[Workspace]:
    """A copy of the samples."""
    folder = shutil.copytree(drawn, tmp_path / drawn.name)
    opened = open_workspace(folder)
    yield opened
    opened.close()


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Starts servers of `hone up` in threads of their own; gives the link with the token."""
    from hone.web import serve as web
    from hone.web.app import build_app

    monkeypatch.setenv("HONE_REVIEWER", "ada")
    running: list[tuple[web.Server, threading.Thread, Site]] = []

    def start(ws: Workspace, *, is_shared: bool = False) -> str:
        address = web.Address("127.0.0.1", 0)
        # As with --host: people sign in by name; this machine alone can reach it all the same.
        address.is_shared = is_shared
        site = web.site_for(ws, address)
        is_up = threading.Event()
        server = web.Server(build_app(site), is_up.set, site.hub.close)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [address.socket]})
        thread.start()
        running.append((server, thread, site))
        assert is_up.wait(20), "the server did not start"
        return f"{address.url}#token={site.access.token}"

    yield start
    for server, thread, site in running:
        server.handle_exit(2, None)
        thread.join(20)
        for child in site.imports.children:
            child.wait(20)


@pytest.fixture
def sit(browser: Browser) -> Iterator[Callable[..., Seat]]:
    """Opens pages; every profile is new, and what went wrong in a page fails the test."""
    seats: list[Seat] = []

    def start(link: str, **choices: object) -> Seat:
        context = browser.new_context(**({"viewport": {"width": 1440, "height": 900}} | choices))  # type: ignore[arg-type]
        context.set_default_timeout(WAIT_MS)
        seat = Seat(context.new_page(), link)
        seats.append(seat)
        return seat

    yield start
    for seat in seats:
        seat.page.context.close()
    for seat in seats:
        assert not seat.broken, seat.broken


@pytest.fixture
def seat(workspace: Workspace, serve: Callable[..., str], sit: Callable[..., Seat]) -> Seat:
    """Somebody who sits in front of the review of the samples, signed in."""
    return sit(serve(workspace)).open("#/review")
