"""Somebody in front of the real window: decides by a key, saves the session, closes it.

    python person.py -P -m hone.desktop.view TITLE LINK FOLDER

It is the window's own code that runs; only who sits there and what they choose is made here.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import webview

from hone.desktop import view

DEADLINE_SECONDS = 60
LOOK_SECONDS = 0.1
SAVED = Path(os.environ["HONE_TEST_SAVES_TO"])


def main() -> None:
    """The window, with a person before it."""
    sys.argv = [sys.argv[0], *sys.argv[-3:]]
    begin: Callable[..., None] = webview.start
    webview.start = lambda **choices: begin(_sit, **choices)
    view.main()


def _sit() -> None:
    window = webview.windows[0]
    try:
        _wait(window, "document.querySelector('.topbar') !== null")
        _choose_in_dialogs(window)
        window.run_js("location.hash = '#/review'")
        _wait(window, "document.querySelector('.pane.answer') !== null")
        window.run_js(
            "document.dispatchEvent(new KeyboardEvent('keydown', {key: 'a', code: 'KeyA'}))"
        )
        _wait(window, "document.querySelector('.progress-text').innerText.startsWith('Reviewed 1')")
        _wait(window, "!Object.keys(localStorage).some((key) => key.startsWith('hone:op:'))")
        window.run_js("location.hash = '#/settings'")
        saving = (
            "[...document.querySelectorAll('button')].find((b) => /Save the/.test(b.innerText))"
        )
        _wait(window, f"{saving} !== undefined")
        window.run_js(f"{saving}.click()")
        _until(SAVED.is_file)
        said = ("title", "hash", "api"), ("document.title", "location.hash", "typeof pywebview")
        for name, script in zip(*said, strict=True):
            print(name, window.run_js(script), flush=True)
        print("window", window.title, flush=True)
    except BaseException as error:
        print(f"failed: {error!r}", window.run_js("document.body.innerText"), flush=True)
        raise
    finally:
        window.destroy()


def _choose_in_dialogs(window: Any) -> None:
    """Whatever dialog asks where to save, the answer is the same."""
    if window.gui.renderer == "qtwebengine":
        from webview.platforms import qt

        qt.QFileDialog.getSaveFileName = lambda *_: (str(SAVED), "")


def _wait(window: Any, script: str) -> None:
    _until(lambda: str(window.run_js(script)).lower() == "true")


def _until(is_so: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(round(DEADLINE_SECONDS / LOOK_SECONDS)):
        if is_so():
            return
        pause.wait(LOOK_SECONDS)
    raise TimeoutError("it did not come to that")


if __name__ == "__main__":
    main()
