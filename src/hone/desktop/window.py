"""Shows the web app in a window: pywebview's, else a browser's without tabs, else the browser."""

from __future__ import annotations

import signal
import subprocess
import sys
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO, NamedTuple

from hone.desktop.browsers import find_browser, window_command
from hone.desktop.view import CANNOT
from hone.settings import user_config_folder
from hone.web.serve import Running

INSTALL = "pip install 'hone-studio[desktop]'"
INSTALL_QT = "pip install 'pywebview[qt]'"
PYWEBVIEW = "pywebview"
# How a window ends that a person closed, or ended from outside.
CLOSED = (0, -signal.SIGINT, -signal.SIGTERM, -9)

Say = Callable[[str], None]


class Way(NamedTuple):
    """How the app is shown, and why not otherwise."""

    kind: str
    programme: str | None
    reason: str


def choose_way(
    is_installed: Callable[[str], bool] = lambda name: find_spec(name) is not None,
    browser: Callable[[], str | None] = find_browser,
) -> Way:
    """The best way that this machine has."""
    if is_installed("webview"):
        return Way("window", sys.executable, "")
    return _without_window(f"pywebview is not installed ({INSTALL})", browser)


def show_app(
    running: Running,
    say: Say,
    way: Way | None = None,
    browser: Callable[[], str | None] = find_browser,
) -> None:
    """Show the app until its window is closed; in a browser until Ctrl+C.

    Where a window cannot be shown the next way is taken, and the reason is said.
    """
    chosen = way or choose_way()
    while chosen.programme is not None:
        failed = _window(running, say, chosen)
        if not failed:
            return
        if chosen.kind == "window":
            chosen = _without_window(failed, browser)
        else:
            chosen = Way("browser", None, failed)
    say(f"Opened in the browser: {chosen.reason}. {running.link}")
    say("Ctrl+C stops it; running jobs go on.")
    webbrowser.open(running.one_time_link())
    running.wait()


def _window(running: Running, say: Say, way: Way) -> str:
    """Until the window is closed; why there was none, or an empty text."""
    assert way.programme is not None
    link = running.one_time_link()
    # Of each address its own: two windows that share one become one, and the second ends at once.
    folder = user_config_folder() / "windows" / f"{way.kind.replace(' ', '-')}-{running.port}"
    if way.kind == "window":
        name, title = PYWEBVIEW, f"Hone: {running.site.ws.root.name}"
        command = [way.programme, "-P", "-m", "hone.desktop.view", title, link, str(folder)]
        say(f"Hone shows {running.site.ws.root} in a window of its own. Closing it stops Hone.")
    else:
        name, command = Path(way.programme).stem, window_command(way.programme, link, folder)
        say(f"Opened as a window of {name}: {way.reason}. Closing it stops Hone.")
    told = folder.with_suffix(".log")
    ended = _run(command, told)
    if ended in CLOSED:
        return ""
    if way.kind == "window" and ended == CANNOT:
        return f"pywebview could not show a window (it needs Qt or GTK: {INSTALL_QT}; see {told})"
    return f"{name} could not show a window (exit {ended}, see {told})"


def _run(command: Sequence[str], told: Path) -> int:
    """Runs a window; what its libraries say goes to a file, because they say much."""
    with ExitStack() as stack:
        stream: IO[bytes] | int = subprocess.DEVNULL
        with suppress(OSError):
            told.parent.mkdir(parents=True, exist_ok=True)
            stream = stack.enter_context(told.open("wb"))
        process = stack.enter_context(subprocess.Popen(command, stdout=stream, stderr=stream))
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.terminate()
            return 0


def _without_window(reason: str, browser: Callable[[], str | None]) -> Way:
    programme = browser()
    if programme is not None:
        return Way("browser window", programme, reason)
    return Way("browser", None, f"{reason}, and neither Chromium, Chrome nor Edge was found")
