"""The window: the best way that a machine has, said with the reason, and its file dialogs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from hone.desktop.browsers import find_browser, window_command
from hone.desktop.files import Files
from hone.desktop.window import Way, choose_way, show_app
from hone.records.example import Example, Suggestion
from hone.stages import ingest
from hone.web.serve import Address, Running, site_for
from hone.workspace.open import Workspace, init_workspace
from hone.workspace.store import new_example


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "w") as workspace:
        one = Example(
            id="q1",
            task="qa",
            input={"question": "Who?"},
            suggestions=[Suggestion(agent="import", output={"answer": "Me."})],
            fingerprint="q1",
        )
        workspace.store.examples.add_many([new_example(one, search="")])
        yield workspace


class Chosen:
    """Dialogs in which somebody has chosen already; None: they were closed."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.asked: list[str] = []

    def open_file(self, kinds: Sequence[str]) -> Path | None:
        self.asked.append("open")
        return self.path

    def save_file(self, name: str, kinds: Sequence[str]) -> Path | None:
        self.asked.append(name)
        return self.path


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


def test_a_browsers_window_gets_a_link_that_works_once_and_closing_it_ends(
    ws: Workspace, tmp_path: Path
) -> None:
    record = tmp_path / "started-with"
    programme = tmp_path / "browser"
    programme.write_text(
        f"#!{sys.executable}\nimport sys\nopen({str(record)!r}, 'w').write(sys.argv[1])\n"
    )
    programme.chmod(0o755)
    said: list[str] = []
    address = Address("127.0.0.1", 0)
    with Running(site_for(ws, address), address) as running:
        show_app(running, said.append, Way("browser window", str(programme), "for a reason"))
        token = record.read_text().partition("#token=")[2]
        assert token and token != running.site.access.token
        assert running.site.sign_ins.with_token(token, "here")[1].role == "admin"
    assert said == ["Opened as a window of browser: for a reason. Closing it stops Hone."]


def test_a_file_is_taken_in_for_import(ws: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "faith.csv"
    path.write_text("question,answer\nWhen?,Now.\n")
    answer = Files(ws, Chosen(path), "olive").open_import()
    assert answer is not None
    assert (answer["name"], answer["bytes"]) == ("faith.csv", path.stat().st_size)
    plan = ingest.plan_upload(ws, answer["upload"], ingest.Order())
    assert plan.files[0].columns["question"] == "question"


def test_a_session_is_saved_and_taken_up_in_the_operators_name(
    ws: Workspace, tmp_path: Path
) -> None:
    place = tmp_path / "session.json"
    dialogs = Chosen(place)
    saved = Files(ws, dialogs, "olive").save_session("qa", "q1")
    assert saved is not None and saved["items"] == 1
    assert dialogs.asked == ["session-qa.json"]
    text = place.read_text().replace('"status":"pending"', '"status":"accepted"')
    place.write_text(text)
    with init_workspace(tmp_path / "elsewhere") as elsewhere:
        loaded = Files(elsewhere, Chosen(place), "olive").load_session()
        assert loaded is not None and loaded["decided"] == 1
        (shown,) = elsewhere.store.examples.page().items
        assert shown.reviewer == "olive" and loaded["current"] == shown.id


def test_examples_are_exported(ws: Workspace, tmp_path: Path) -> None:
    place = tmp_path / "out.jsonl"
    answer = Files(ws, Chosen(place), "olive").export_examples({"status": ["pending"]})
    assert answer == {"file": str(place), "rows": 1}
    assert "Who?" in place.read_text()


@pytest.mark.parametrize("ask", ["open_import", "save_session", "load_session", "export_examples"])
def test_a_dialog_that_is_closed_changes_nothing(ws: Workspace, ask: str) -> None:
    assert getattr(Files(ws, Chosen(None), "olive"), ask)() is None


@pytest.mark.parametrize(
    ("ask", "given"),
    [
        ("save_session", ("no-such-task",)),
        ("export_examples", ({"status": ["perhaps"]},)),
        ("export_examples", ({"colour": "red"},)),
        ("export_examples", ({}, "no-such-layout")),
        ("load_session", ()),
    ],
)
def test_a_mistake_comes_back_as_a_sentence(
    ws: Workspace, tmp_path: Path, ask: str, given: tuple[Any, ...]
) -> None:
    path = tmp_path / "empty.json"
    path.write_text("{}")
    answer = getattr(Files(ws, Chosen(path), "olive"), ask)(*given)
    assert answer["error"]


def test_the_page_sees_the_dialogs_and_nothing_of_the_workspace(ws: Workspace) -> None:
    shown = {name for name in dir(Files(ws, Chosen(None), "olive")) if not name.startswith("_")}
    assert shown == {"open_import", "save_session", "load_session", "export_examples"}
