"""Evaluations that are started and watched over the API; the answers themselves are planted."""

from __future__ import annotations

from pathlib import Path

import pytest

from hone.stages import jobs, people
from hone.web.site import Site
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from tests.stages.answering import Answers
from tests.stages.compare.planted import answer, make_planted, planted
from tests.web.browser import Browser, access

pytestmark = pytest.mark.usefixtures("nobody_works_yet")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "ws"
    with make_planted(root, versions=2) as ws:
        answer(ws, "pickup@v1", sample=5)
    return root


def test_it_is_ordered_watched_and_its_figures_are_made_when_all_have_answered(
    browser: Browser, ws: Workspace
) -> None:
    started = browser.post("/api/evaluations", {"model": "pickup", "sample": 20})
    assert started.status_code == 200, started.text
    one = started.json()
    assert (one["model"], one["on"], one["state"]) == ("pickup@v1", "pickup@1/test", "waiting")
    assert one["done"] == 0 and not one["is_ready"]
    assert [each["id"] for each in browser.get("/api/evaluations/answering").json()] == [one["id"]]
    assert len(browser.get("/api/evaluations").json()) == 1
    Answers(planted)(JobFolder(ws.jobs / one["id"]))
    ready = browser.get(f"/api/evaluations/answering/{one['id']}").json()
    assert (ready["state"], ready["is_ready"], ready["done"], ready["total"]) == (
        "succeeded", True, 100, 100,
    )  # fmt: skip
    assert browser.get("/api/evaluations/answering").json() == []
    shown = browser.get(f"/api/evaluations/{one['id']}").json()["evaluation"]
    assert shown["sample"] == 20 and len(shown["rows"]) == 5
    # Looked at once more, nothing is made twice.
    browser.get(f"/api/evaluations/answering/{one['id']}")
    assert len(browser.get("/api/evaluations").json()) == 2


def test_answers_that_cannot_be_scored_are_an_error_to_read_not_a_lost_job(
    browser: Browser, ws: Workspace
) -> None:
    one = browser.post("/api/evaluations", {"model": "pickup", "sample": 20}).json()
    folder = JobFolder(ws.jobs / one["id"])
    Answers(planted)(folder)
    file = folder.predictions / "base.jsonl"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-3]))
    found = browser.get(f"/api/evaluations/answering/{one['id']}").json()
    assert not found["is_ready"] and "base left 3 of 20 examples" in found["error"]


def test_what_has_not_begun_is_stopped_at_once_and_what_has_ended_is_not(
    browser: Browser, ws: Workspace
) -> None:
    one = browser.post("/api/evaluations", {"model": "pickup", "sample": 20}).json()
    assert browser.post(f"/api/evaluations/answering/{one['id']}/stop").status_code == 200
    assert JobFolder(ws.jobs / one["id"]).is_stop_requested
    (old,) = (each for each in browser.get("/api/evaluations").json())
    refused = browser.post(f"/api/evaluations/answering/{old['id']}/stop")
    assert refused.status_code == 409 and "has already succeeded" in refused.json()["error"]


def test_wrong_orders_are_refused_and_order_nothing(browser: Browser, ws: Workspace) -> None:
    before = len(jobs.list_jobs(ws))
    unknown = browser.post("/api/evaluations", {"model": "pickpu"})
    assert unknown.status_code == 404 and 'Did you mean "pickup"' in unknown.json()["hint"]
    for body in ({}, {"model": "pickup", "sample": 0}, {"model": "pickup", "on": "/etc/passwd"}):
        assert browser.post("/api/evaluations", body).status_code in (400, 422)
    assert browser.get("/api/evaluations/answering/train-1").status_code == 404
    assert len(jobs.list_jobs(ws)) == before


def test_reviewers_look_and_trainers_order(ws: Workspace) -> None:
    people.add_person(ws, "vera", "reviewer", "password of vera")
    site = Site(ws, access(is_shared=True))
    vera = Browser(site).sign_in(name="vera", password="password of vera")
    assert vera.get("/api/evaluations/answering").status_code == 200
    assert vera.post("/api/evaluations", {"model": "pickup"}).status_code == 403
