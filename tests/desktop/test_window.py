"""The window: the best way that a machine has, said with the reason; where it fails, the next."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from hone.desktop.browsers import find_browser, window_command
from hone.desktop.window import Way, choose_way, show_app
from hone.web.serve import Address, Running, site_for
from hone.workspace.open import Workspace


def test_a_window_of_its_own_is_the_best_way() -> None:
    assert choose_way(lambda name: name == "webview", lambda: "/bin/chromium").kind == "window"


def test_without_pywebview_a_browser_shows_it_as_a_window() -> None:
    way = choose_way(lambda name: False, lambda: "/bin/chromium")
    assert (way.kind, way.programme) == ("browser window", "/bin/chromium")
    assert "pip install 'hone-studio[desktop]'" in way.reason


def test_without_either_it_opens_in_the_browser_and_says_why() -> None:
    way = choose_way(lambda name: False, lambda: None)
    assert way.kind == "browser" and way.programme is None
    assert "pywebview" in way.reason and "Chromium" in way.reason


def test_browsers_are_found_by_name_or_place(tmp_path: Path) -> None:
    assert find_browser("linux", {"google-chrome": "/opt/chrome"}.get) == "/opt/chrome"
    assert find_browser("linux", lambda name: None) is None


def test_the_window_has_a_profile_of_its_own() -> None:
    command = window_command("/bin/chromium", "http://127.0.0.1:1/#token=t", Path("/tmp/p"))
    assert command[:3] == [
        "/bin/chromium", "--app=http://127.0.0.1:1/#token=t", f"--user-data-dir={Path('/tmp/p')}"
    ]  # fmt: skip


def programme(place: Path, does: str) -> str:
    """A window that writes down what it was started with, then does something."""
    place.write_text(
        f"#!{sys.executable}\nimport os, signal, sys\n"
        f"open({str(place) + '.started'!r}, 'a').write(' '.join(sys.argv[1:]) + chr(10))\n{does}\n"
    )
    place.chmod(0o755)
    return str(place)


def started_with(place: str) -> list[str]:
    return Path(f"{place}.started").read_text().splitlines()


def test_a_browsers_window_gets_a_link_that_works_once_and_closing_it_ends(
    ws: Workspace, tmp_path: Path
) -> None:
    browser = programme(tmp_path / "browser", "")
    said: list[str] = []
    address = Address("127.0.0.1", 0)
    with Running(site_for(ws, address), address) as running:
        show_app(running, said.append, Way("browser window", browser, "for a reason"))
        token = started_with(browser)[0].partition("#token=")[2].split()[0]
        assert token and token != running.site.access.token
        assert running.site.sign_ins.with_token(token, "here")[1].role == "admin"
    assert said == ["Opened as a window of browser: for a reason. Closing it stops Hone."]


def test_two_apps_have_two_profiles(ws: Workspace, tmp_path: Path) -> None:
    """With one profile the second window would be the first programme's, and end at once."""
    browser = programme(tmp_path / "browser", "")
    for _ in range(2):
        address = Address("127.0.0.1", 0)
        with Running(site_for(ws, address), address) as running:
            show_app(running, lambda text: None, Way("browser window", browser, "x"))
    one, other = (
        line.partition("--user-data-dir=")[2].split()[0] for line in started_with(browser)
    )
    assert one != other


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize(
    ("does", "ended"),
    [
        ("sys.exit('GTK and Qt are missing')", "exit 1"),
        (
            "print('no display'); sys.stdout.flush(); os.kill(os.getpid(), signal.SIGABRT)",
            "exit -6",
        ),
    ],
)
def test_where_a_window_fails_the_next_way_is_taken_and_the_server_lives(
    ws: Workspace, tmp_path: Path, does: str, ended: str
) -> None:
    """A library that is missing ends the process of a window without asking anybody."""
    window = programme(tmp_path / "window", does)
    browser = programme(tmp_path / "chromium", "")
    said: list[str] = []
    address = Address("127.0.0.1", 0)
    with Running(site_for(ws, address), address) as running:
        show_app(running, said.append, Way("window", window, ""), lambda: browser)
        assert started_with(browser)[0].startswith(f"--app=http://127.0.0.1:{address.port}/#token=")
    assert said[0] == f"Hone shows {ws.root} in a window of its own. Closing it stops Hone."
    found = re.fullmatch(
        r"Opened as a window of chromium: pywebview could not show a window "
        r"\((exit -?\d+), see (.+)\)\. Closing it stops Hone\.",
        said[1],
    )
    assert found and found[1] == ended
    assert Path(found[2]).read_text().strip() in ("GTK and Qt are missing", "no display")


def test_a_pywebview_that_has_nothing_to_draw_with_says_what_to_install(
    ws: Workspace, tmp_path: Path
) -> None:
    window = programme(tmp_path / "window", "sys.exit(3)")
    said: list[str] = []
    address = Address("127.0.0.1", 0)
    with Running(site_for(ws, address), address) as running:
        browser = programme(tmp_path / "chromium", "")
        show_app(running, said.append, Way("window", window, ""), lambda: browser)
    assert "needs Qt or GTK" in said[1] and "pip install 'pywebview[qt]'" in said[1]


def test_a_window_that_is_ended_from_outside_counts_as_closed(
    ws: Workspace, tmp_path: Path
) -> None:
    window = programme(tmp_path / "window", "os.kill(os.getpid(), signal.SIGTERM)")
    said: list[str] = []
    address = Address("127.0.0.1", 0)
    with Running(site_for(ws, address), address) as running:
        show_app(running, said.append, Way("window", window, ""), lambda: "/no/such/programme")
    assert len(said) == 1
