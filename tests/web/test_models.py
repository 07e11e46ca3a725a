"""Models over the API: versions, ancestry, the gate, and who may choose which one answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from hone.stages import people
from hone.web.site import Site
from hone.workspace.open import Workspace
from tests.stages.compare.planted import answer, make_planted
from tests.web.browser import OPERATOR, Browser, access


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "ws"
    with make_planted(root) as ws:
        answer(ws, "pickup@v2", further=["pickup@v1"])
    return root


def active(ws: Workspace) -> str:
    found = ws.store.models.active("pickup")
    assert found is not None
    return found.model.ref


def test_every_version_comes_with_its_score_and_what_it_came_from(browser: Browser) -> None:
    found = {one["ref"]: one for one in browser.get("/api/models").json()}
    assert list(found) == [f"pickup@v{number}" for number in (1, 2, 3, 4)]
    assert found["pickup@v1"]["is_active"] and not found["pickup@v2"]["is_active"]
    assert found["pickup@v2"]["score"]["on"] == "pickup@1/test"
    assert found["pickup@v4"]["score"] is None and found["pickup@v4"]["parents"] == []


def test_a_version_tells_its_ancestry_down_to_the_reviewers(browser: Browser) -> None:
    found = browser.get("/api/models/pickup@v2").json()
    assert found["dataset"]["ref"] == "pickup@1" and "ann" in found["dataset"]["reviewers"]
    assert found["missing_files"] == [] and found["activations"][0].endswith("v1")
    assert browser.get("/api/models/pickup@v9").status_code == 404


def test_the_gate_lets_a_better_version_answer_and_says_why(
    browser: Browser, ws: Workspace
) -> None:
    judged = browser.get("/api/models/pickup@v2/gate").json()
    assert judged["verdict"] == "pass" and judged["champion"] == "pickup@v1"
    answer = browser.put("/api/models/pickup@v2/active", {"note": "better on the test"})
    assert answer.status_code == 200 and answer.json()["gate"]["verdict"] == "pass"
    assert active(ws) == "pickup@v2"
    newest = ws.store.models.activations("pickup")[-1]
    assert newest.reviewer == OPERATOR and newest.note.startswith("better on the test; gate:")


def test_past_the_gate_only_with_a_note(browser: Browser, ws: Workspace) -> None:
    refused = browser.put("/api/models/pickup@v4/active", {})
    assert refused.status_code == 403 and "hone compare" in refused.json()["hint"]
    silent = browser.put("/api/models/pickup@v4/active", {"is_forced": True})
    assert silent.status_code == 400 and active(ws) == "pickup@v1"
    forced = browser.put(
        "/api/models/pickup@v4/active", {"is_forced": True, "note": "for the fair"}
    )
    assert forced.status_code == 200 and active(ws) == "pickup@v4"
    assert "forced past the gate" in ws.store.models.activations("pickup")[-1].note


def test_a_rule_that_was_changed_in_the_file_counts_at_once(
    browser: Browser, ws: Workspace
) -> None:
    file = ws.root / "hone.yaml"
    file.write_text(file.read_text().replace("must_win: [score]", "must_win: []"))
    judged = browser.get("/api/models/pickup@v4/gate").json()
    assert judged["verdict"] == "pass" and judged["rules"] == []


def test_viewers_look_and_trainers_choose(ws: Workspace) -> None:
    people.add_person(ws, "vera", "reviewer", "password of vera")
    people.add_person(ws, "tom", "trainer", "password of tom")
    site = Site(ws, access(is_shared=True))
    vera = Browser(site).sign_in(name="vera", password="password of vera")
    assert vera.get("/api/models/pickup@v2/gate").status_code == 200
    assert vera.put("/api/models/pickup@v2/active", {}).status_code == 403
    assert active(ws) == "pickup@v1"
    tom = Browser(site).sign_in(name="tom", password="password of tom")
    assert tom.put("/api/models/pickup@v2/active", {}).status_code == 200
    assert ws.store.models.activations("pickup")[-1].reviewer == "tom"
