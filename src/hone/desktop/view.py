"""The window itself: `python -m hone.desktop.view TITLE LINK FOLDER`; ends when it is closed.

A process of its own, because what draws the page may end it without a word: no display, a library
of the system that is missing, the superuser. The server and what was decided outlive that.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, LEAST = 1280, 860, (420, 480)
CANNOT = 3


def main() -> None:
    """Show one page until its window is closed; what it keeps lies in the folder."""
    import webview  # pyright: ignore[reportMissingImports]

    title, link, folder = sys.argv[1:]
    # Files are chosen and saved as in any browser, by the system's own dialogs. The page calls
    # nothing of pywebview: that would need a policy under which texts may become code.
    webview.settings["ALLOW_DOWNLOADS"] = True
    window = webview.create_window(
        title, link, width=WIDTH, height=HEIGHT, min_size=LEAST, text_select=True
    )
    window.events.initialized += _save_by_dialog
    try:
        # Not private: decisions that were not acknowledged yet must survive the window.
        webview.start(private_mode=False, storage_path=folder)
    except webview.WebViewException as error:
        print(error, file=sys.stderr)
        sys.exit(CANNOT)


def _save_by_dialog(renderer: str) -> None:
    """Asks where a download goes in a window of Qt: pywebview's own code for it is that of Qt 5."""
    if renderer != "qtwebengine":
        return
    from webview.platforms import qt  # pyright: ignore[reportMissingImports]

    def ask(view: Any, download: Any) -> None:
        chosen, _ = qt.QFileDialog.getSaveFileName(view, "", download.downloadFileName())
        if chosen:
            download.setDownloadDirectory(str(Path(chosen).parent))
            download.setDownloadFileName(Path(chosen).name)
            download.accept()

    qt.BrowserView.on_download_requested = ask


if __name__ == "__main__":
    main()
