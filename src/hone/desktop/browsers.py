"""Finds a browser that can show one page as a window without tabs and address line."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

# Chromium and what is made from it; the name of the programme on the path.
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "microsoft-edge-stable",
    "brave-browser",
    "chrome",
    "msedge",
)
PLACES: dict[str, tuple[str, ...]] = {
    "darwin": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        "/Applications/Brave Browser.app/Contents/MacOS/Brave Browser",
    ),
    "win32": (
        "C:/Program Files/Google/Chrome/Application/chrome.exe",
        "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
        "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
        "C:/Program Files/Microsoft/Edge/Application/msedge.exe",
    ),
}


def find_browser(
    platform: str = sys.platform, which: Callable[[str], str | None] = shutil.which
) -> str | None:
    """The programme of such a browser, or None."""
    for name in NAMES:
        found = which(name)
        if found is not None:
            return found
    return next((place for place in PLACES.get(platform, ()) if Path(place).is_file()), None)


def window_command(programme: str, link: str, profile: Path) -> list[str]:
    """The command that shows a page as a window; it ends when the window is closed.

    The profile is our own: with the usual one the command would hand the page to a browser that
    runs already, and end at once.
    """
    return [
        programme,
        f"--app={link}",
        f"--user-data-dir={profile}",
        "--no-first-run",
        "--no-default-browser-check",
    ]
