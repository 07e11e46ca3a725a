"""The real window of pywebview: it signs in, a key decides, a file is saved, closing it ends."""

from __future__ import annotations

import json
import os
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from hone.desktop.window import Way, show_app
from hone.web.serve import Address, Running, site_for
from hone.workspace.open import Workspace

PERSON = Path(__file__).with_name("person.py")

pytestmark = [
    pytest.mark.desktop,
    pytest.mark.skipif(find_spec("webview") is None, reason="pywebview is not installed"),
    pytest.mark.skipif(
        find_spec("PyQt6") is None and find_spec("PySide6") is None,
        reason="Qt is not installed; nothing else shows a window without a screen "
        "(pip install 'pywebview[qt]')",
    ),
]


@pytest.fixture
def window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The program of a window that somebody sits before; drawn where there is no screen too."""
    monkeypatch.setenv("PYWEBVIEW_GUI", "qt")
    monkeypatch.setenv("HONE_TEST_SAVES_TO", str(tmp_path / "saved.json"))
    if not os.environ.get("DISPLAY"):
        monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    if os.geteuid() == 0:
        # Chromium builds no sandbox for the superuser, and refuses to run without being told.
        monkeypatch.setenv("QTWEBENGINE_DISABLE_SANDBOX", "1")
    program = tmp_path / "window"
    program.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, str(PERSON)])} "$@"\n')
    program.chmod(0o755)
    return str(program)


def test_a_person_decides_and_saves_in_the_window_and_closes_it(
    ws: Workspace, window: str, tmp_path: Path
) -> None:
    said: list[str] = []
    address = Address("127.0.0.1", 0)
    with Running(site_for(ws, address), address) as running:
        show_app(running, said.append, Way("window", window, ""), lambda: None)
    log = next((tmp_path / "user-config" / "windows").glob("window-*.log")).read_text()
    assert said == [f"Hone shows {ws.root} in a window of its own. Closing it stops Hone."], log
    assert ws.store.examples.counters("qa")["accepted"] == 1
    assert json.loads((tmp_path / "saved.json").read_text())["items"][0]["status"] == "accepted"
    assert "title Settings · w · Hone" in log and "window Hone: w" in log
    assert "Content Security Policy" not in log
    # What could not be sent yet is found again when the window is opened the next time.
    folder = tmp_path / "user-config" / "windows" / f"window-{address.port}"
    assert (folder / "Local Storage").is_dir()
