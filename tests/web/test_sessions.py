"""A session goes out as a file and comes back in: here, elsewhere, and not where it cannot."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hone.stages import ingest
from hone.web.site import Site
from hone.workspace.open import Workspace, init_workspace
from tests.web.browser import OPERATOR, Browser, access
from tests.web.conftest import PICKUP, QUESTIONS


def at_once(ws: Workspace, upload: str, reviewer: str) -> int:
    ingest.carry_out(ws, upload)
    return os.getpid()


@pytest.fixture
def site(ws: Workspace) -> Site:
    return Site(ws, access(), begin=at_once)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Browser]:
    """An empty workspace of the same kind."""
    with init_workspace(tmp_path / "elsewhere") as ws:
        yield Browser(Site(ws, access(), begin=at_once)).sign_in()


def decide(browser: Browser, *pairs: tuple[str, str]) -> None:
    operations = [
        {"op_id": f"session-{name}", "example_id": name, "verdict": verdict}
        for name, verdict in pairs
    ]
    assert browser.post("/api/reviews", {"operations": operations}).status_code == 200


def saved(browser: Browser, **query: Any) -> bytes:
    answer = browser.get("/api/sessions/file", **query)
    assert answer.status_code == 200
    return answer.content


def load(browser: Browser, content: bytes | str, **query: Any) -> Any:
    headers = {"Content-Type": "application/json"}
    return browser.ask("POST", "/api/sessions/load", content=content, headers=headers, params=query)


def test_a_session_is_downloaded_complete_and_readable(browser: Browser, ws: Workspace) -> None:
    decide(browser, ("q1", "accept"), ("q2", "reject"))
    answer = browser.get("/api/sessions/file", task="qa")
    assert 'filename="session-qa.json"' in answer.headers["content-disposition"]
    session = answer.json()
    assert (session["task"], len(session["items"])) == ("qa", QUESTIONS)
    assert [item["status"] for item in session["items"][:3]] == ["accepted", "rejected", "pending"]
    assert list((ws.data / "uploads").iterdir()) == []


def test_a_session_is_taken_up_elsewhere_at_the_same_example(
    browser: Browser, elsewhere: Browser
) -> None:
    decide(browser, ("q1", "accept"), ("q2", "reject"))
    report = load(elsewhere, saved(browser, task="qa", current="q3")).json()
    assert (report["items"], report["taken"], report["decided"]) == (QUESTIONS, QUESTIONS, 2)
    assert report["position"] == 2
    current = elsewhere.get(f"/api/examples/{report['current']}").json()["example"]
    assert current["input"] == {"question": "What is number 3?"}
    (first, *_) = elsewhere.get("/api/examples").json()["items"]
    assert (first["status"], first["reviewer"]) == ("accepted", OPERATOR)


def test_the_same_session_again_changes_nothing(browser: Browser, elsewhere: Browser) -> None:
    decide(browser, ("q1", "accept"))
    content = saved(browser, task="qa")
    assert load(elsewhere, content).json()["decided"] == 1
    report = load(elsewhere, content).json()
    assert (report["taken"], report["duplicate"], report["decided"]) == (0, QUESTIONS, 0)


def test_a_session_of_another_workspace_with_another_task_tells_what_it_could_not_take(
    browser: Browser, ws: Workspace, elsewhere: Browser
) -> None:
    (ws.root / "tasks" / "pickup.yaml").write_text(PICKUP)
    report = load(elsewhere, saved(browser, task="pickup")).json()
    assert (report["taken"], report["refused"]) == (0, 1)
    assert report["reasons"]


@pytest.mark.parametrize(
    "content",
    ["", "{", "not json", '{"hone": 1, "kind": "session", "items": [', "[1, 2]", '{"a": 1}'],
)
def test_what_is_no_session_is_refused_and_leaves_nothing(
    browser: Browser, ws: Workspace, content: str
) -> None:
    answer = load(browser, content)
    assert answer.status_code in (400, 415)
    assert answer.json()["error"] and answer.json()["hint"]
    assert "uploads" not in answer.json()["error"]
    assert list((ws.data / "uploads").iterdir()) == []


def test_a_session_of_a_later_version_is_refused_with_what_to_do(browser: Browser) -> None:
    session = json.loads(saved(browser, task="qa")) | {"hone": 99}
    answer = load(browser, json.dumps(session))
    assert answer.status_code == 400
    assert "later Hone" in answer.json()["error"] and "upgrade" in answer.json()["hint"]


def test_an_unknown_task_is_told(browser: Browser) -> None:
    assert browser.get("/api/sessions/file", task="none").status_code == 404
    assert load(browser, saved(browser), task="none").status_code == 400


def test_the_example_under_review_must_be_there(browser: Browser) -> None:
    assert browser.get("/api/sessions/file", current="nobody").status_code == 404


def test_a_session_sent_as_a_form_is_refused(browser: Browser) -> None:
    headers = {"Content-Type": "text/plain"}
    answer = browser.ask("POST", "/api/sessions/load", content=b"{}", headers=headers)
    assert answer.status_code == 415


def test_a_session_that_takes_long_is_not_taken_for_failed(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []

    def begin(ws: Workspace, upload: str, reviewer: str) -> int:
        begun.append(upload)
        return os.getpid()

    monkeypatch.setattr("hone.web.api.sessions.WAIT_SECONDS", 0.0)
    told = load(Browser(Site(ws, access(), begin=begin)).sign_in(), b'{"items": []}')
    assert told.status_code == 503
    assert "still being taken up" in told.json()["error"] and told.json()["hint"]
    assert ingest.look_at_import(ws, begun[0]).state == "running"
