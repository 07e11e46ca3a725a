"""A workspace that cannot be written: everything is shown, it says so, and nothing fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hone.records.choice import Choice
from hone.records.review import Decision
from hone.stages import configure, review
from hone.web.site import Site
from hone.workspace.open import STORE_FILE, Workspace
from hone.workspace.store.connection import open_engine
from hone.workspace.store.store import Store
from tests.web.browser import OPERATOR, Browser, access

PENDING = {"status": "pending", "task": "qa"}


def decide_all(ws: Workspace) -> None:
    """The operator decides so much that the queue asks for blind repeats."""
    configure.change_setting(ws, "review.repeat_share", "0.2")
    for number in range(26):
        wanted = Decision(
            op_id=f"operation-{number}",
            example_id=f"q{min(number, 4) + 1}",
            verdict="accept" if number < 4 else "skip",
            reviewer=OPERATOR,
        )
        assert review.decide(ws, [wanted])[0].outcome == "applied"


def opened_read_only(ws: Workspace) -> Workspace:
    """As on a disk that cannot be written, also for the superuser who runs the tests."""
    engine = open_engine(ws.root / STORE_FILE, is_read_only=True)
    return Workspace(ws.root, ws.config, Store(engine, ws.root, is_read_only=True))


@pytest.fixture
def reader(ws: Workspace) -> Iterator[Browser]:
    decide_all(ws)
    ws.close()
    with opened_read_only(ws) as read_only:
        yield Browser(Site(read_only, access())).sign_in()


def test_every_place_of_the_review_is_shown(reader: Browser) -> None:
    assert reader.get("/api/session").json()["is_read_only"] is True
    found = reader.get("/api/examples", **PENDING)
    assert found.status_code == 200, found.text
    assert len(found.json()["items"]) == found.json()["counters"]["pending"]
    places = ("home", "tasks", "settings", "examples/q9", "examples/q9/similar")
    for place in (*places, "examples/q9/comparison", "reviews/statistics?task=qa"):
        assert reader.get(f"/api/{place}").status_code == 200, place


def test_a_session_can_be_taken_out_of_it(reader: Browser, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    saved = reader.get("/api/sessions/file", task="qa")
    assert saved.status_code == 200 and len(saved.json()["items"]) == 12
    assert sorted(tmp_path.rglob("*")) == before


def test_a_decision_is_told_why_not_and_what_to_do(reader: Browser) -> None:
    wanted = {"op_id": "operation-x", "example_id": "q9", "verdict": "accept"}
    told = reader.post("/api/reviews", {"operations": [wanted]})
    assert told.status_code == 503
    assert "read-only" in told.json()["error"] and "Copy the workspace" in told.json()["hint"]


def test_a_workspace_that_can_be_written_says_so(browser: Browser) -> None:
    assert browser.get("/api/session").json()["is_read_only"] is False


def test_a_store_that_somebody_writes_is_read_all_the_same(ws: Workspace) -> None:
    """Choosing a blind repeat writes; what keeps that from happening keeps nobody from reading."""
    decide_all(ws)
    engine = open_engine(ws.root / STORE_FILE, is_read_only=True)
    # Opened as if it could be written: the disk refuses only when it comes to that.
    with Workspace(ws.root, ws.config, Store(engine, ws.root)) as refusing:
        page = review.page(refusing, Choice(status=["pending"], task="qa"), repeats_for=OPERATOR)
    assert len(page.items) == page.counters["pending"]
