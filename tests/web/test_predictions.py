"""Predictions over the API: looked up by example, begun by trainers; new versions found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from hone import loop
from hone.stages.predict import ahead_task, collect_ahead, predict_ahead
from hone.workspace.open import Workspace, open_workspace
from tests.stages.answering import Answers, output, register
from tests.stages.compare.planted import answer, make_planted
from tests.targets.here import Here
from tests.web.browser import Browser


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "ws"
    with make_planted(root) as ws:
        answer(ws, "pickup@v2", further=["pickup@v1"])
    return root


def ways(found: Any) -> dict[str, Any]:
    return {one["way"]: one for one in found["ways"]}


def active(ws: Workspace) -> str:
    found = ws.store.models.active("pickup")
    assert found is not None
    return found.model.ref


def test_a_page_is_looked_up_with_how_far_each_way_is(browser: Browser, ws: Workspace) -> None:
    before = browser.get("/api/predictions").json()
    assert {one["state"] for one in before["ways"]} == {"absent"}
    assert "--method model" in ways(before)["model"]["hint"]
    predict_ahead(ws, ahead_task(ws), target=Here(Answers()))
    collect_ahead(ws)
    found = browser.get("/api/predictions", id=["e001", "e008", "none"]).json()
    assert ways(found)["model"]["state"] == "ready" and ways(found)["model"]["by"] == "pickup@v1"
    assert found["answers"]["e001"]["model"]["output"] == output(1)
    assert found["answers"]["e008"]["rules"]["output"] == [] and found["answers"]["none"] == {}


def test_where_no_version_is_active_it_is_said_with_the_mend(
    browser: Browser, ws: Workspace
) -> None:
    for one in list(ws.store.models.list()):
        ws.store.models.delete(one.model.ref)
    model = ways(browser.get("/api/predictions").json())["model"]
    assert model["state"] == "nobody" and model["says"].startswith("No model is active")
    assert "hone train" in model["hint"]
    refused = browser.post("/api/predictions", {"method": "model"})
    assert refused.status_code >= 400 and "No model is active" in refused.text


def test_a_better_version_that_a_person_passed_over_stays_behind(
    ws: Workspace,
) -> None:
    # v2 passes the gate, but was there already when v1 was chosen: a person had a reason.
    assert loop.take_in_new(ws).activated == [] and active(ws) == "pickup@v1"


def test_a_later_version_waits_until_it_passes_and_it_is_said_why(
    browser: Browser, ws: Workspace
) -> None:
    ref = register(ws)
    assert loop.take_in_new(ws).activated == [] and active(ws) == "pickup@v1"
    (waiting,) = browser.get("/api/predictions").json()["waiting"]
    assert waiting["ref"] == ref and waiting["active"] == "pickup@v1"
    assert "may not replace" in waiting["says"] and waiting["reasons"]
    assert f"hone evaluate {ref}" in waiting["hint"]


def test_a_later_version_that_passes_becomes_active_and_is_asked(ws: Workspace) -> None:
    ref = register(ws)
    (ws.root / "hone.yaml").write_text(
        re.sub(
            "(?m)^gate:.*$",
            "gate: {must_win: [], must_not_lose: []}",
            (ws.root / "hone.yaml").read_text(),
        )
    )
    with open_workspace(ws.root) as opened:
        assert loop.take_in_new(opened).activated == [ref] and active(opened) == ref
        note = opened.store.models.activations("pickup")[-1]
    assert note.reviewer == "the running app" and "may replace" in note.note


def test_a_later_version_that_wins_by_its_answers_becomes_active(tmp_path: Path) -> None:
    with make_planted(tmp_path / "one", versions=1) as ws:
        ref = register(ws)
        assert loop.take_in_new(ws).activated == [], "nobody has asked it yet"
        answer(ws, ref, further=["pickup@v1"])
        # What was evaluated is taken in above; only who may judge now lets it answer.
        assert loop.take_in_new(ws, judges=False).activated == []
        assert loop.take_in_new(ws).activated == [ref] and active(ws) == ref


@pytest.mark.usefixtures("nobody_works_yet")
def test_all_messages_are_asked_for_by_one_click(browser: Browser, ws: Workspace) -> None:
    begun = browser.post("/api/predictions", {"method": "both"})
    assert begun.status_code == 200
    assert {one["way"]: one["state"] for one in begun.json()["ways"]} == {
        "rules": "computing",
        "model": "computing",
    }
    assert len([one for one in ws.store.jobs.list() if one.kind == "suggest"]) == 2
    refused = browser.post("/api/predictions", {"method": "oracle"})
    assert refused.status_code == 422
