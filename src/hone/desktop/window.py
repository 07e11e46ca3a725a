"""Shows the web app in a window: pywebview's, else a browser's without tabs, else the browser."""

from __future__ import annotations

import subprocess
import webbrowser
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from hone.desktop.browsers import find_browser, window_command
from hone.desktop.files import Files
from hone.errors import HoneError
from hone.settings import user_config_folder
from hone.web.serve import Running

WIDTH, HEIGHT, LEAST = 1280, 860, (420, 480)
INSTALL = "pip install 'hone-studio[desktop]'"

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
        return Way("window", None, "")
    return _without_window(f"pywebview is not installed ({INSTALL})", browser)


def show_app(running: Running, say: Say, way: Way | None = None) -> None:
    """Show the app until its window is closed; in a browser until Ctrl+C."""
    chosen = way or choose_way()
    if chosen.kind == "window":
        try:
            say(f"Hone shows {running.site.ws.root} in a window of its own.")
            _window(running)
            return
        except HoneError as error:
            chosen = _without_window(error.message, find_browser)
    if chosen.programme is not None:
        failed = _browser_window(running, say, chosen)
        if not failed:
            return
        chosen = Way("browser", None, failed)
    say(f"Opened in the browser: {chosen.reason}. {running.link}")
    say("Ctrl+C stops it; running jobs go on.")
    webbrowser.open(running.one_time_link())
    running.wait()


def _browser_window(running: Running, say: Say, way: Way) -> str:
    """Until the window is closed; why there was none, or an empty text."""
    assert way.programme is not None
    name = Path(way.programme).stem
    say(f"Opened as a window of {name}: {way.reason}. Closing it stops Hone.")
    profile = user_config_folder() / "window"
    command = window_command(way.programme, running.one_time_link(), profile)
    done = subprocess.run(command, check=False, stderr=subprocess.DEVNULL)
    # A window that was closed ends with 0, one that was killed with a negative number.
    return f"{name} could not show a window (exit {done.returncode})" if done.returncode > 0 else ""


def _without_window(reason: str, browser: Callable[[], str | None]) -> Way:
    programme = browser()
    if programme is not None:
        return Way("browser window", programme, reason)
    return Way("browser", None, f"{reason}, and neither Chromium, Chrome nor Edge was found")


def _window(running: Running) -> None:
    import webview  # pyright: ignore[reportMissingImports]

    site = running.site
    dialogs = _WindowDialogs(webview)
    window = webview.create_window(
        f"Hone: {site.ws.root.name}",
        running.link,
        js_api=Files(site.ws, dialogs, site.access.operator),
        width=WIDTH,
        height=HEIGHT,
        min_size=LEAST,
        text_select=True,
    )
    dialogs.window = window
    try:
        # Not private: decisions that were not acknowledged yet must survive the window.
        storage = user_config_folder() / "window"
        webview.start(private_mode=False, storage_path=str(storage))
    except webview.WebViewException as error:
        raise HoneError(f"pywebview found no way to show a window ({error})") from error


class _WindowDialogs:
    """The dialogs of a pywebview window."""

    def __init__(self, webview: Any) -> None:
        self._kinds = webview.FileDialog
        self.window: Any = None

    def open_file(self, kinds: Sequence[str]) -> Path | None:
        found = self.window.create_file_dialog(self._kinds.OPEN, file_types=tuple(kinds))
        return Path(found[0]) if found else None

    def save_file(self, name: str, kinds: Sequence[str]) -> Path | None:
        found = self.window.create_file_dialog(
            self._kinds.SAVE, save_filename=name, file_types=tuple(kinds)
        )
        # Some systems give one path, others a list of one.
        return Path(found if isinstance(found, str) else found[0]) if found else None
