"""Jobs over the API: the list, one with its figures, its log, stop and go on, who may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hone.stages import jobs, people
from hone.stages.jobs.monitor import MOST_POINTS, thinned
from hone.web.site import Site
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace, init_workspace
from tests.web.browser import Browser, access

SPEC = {
    "model_name": "pickup", "method": "sft", "base": {"id": "hone-nano"},
    "dataset": {"name": "pickup@2"},
}  # fmt: skip


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        yield workspace


def trained(ws: Workspace, *, steps: int = 30) -> JobFolder:
    """A training that was cut off at its step 20, went on from 15 and was then stopped."""
    job = jobs.submit(ws, jobs.new_job("train", SPEC), {})
    folder = JobFolder(ws.jobs / job.id)
    folder.claim()
    folder.append("stage", name="load", state="started")
    folder.append("stage", name="load", state="done")
    folder.append("stage", name="train", state="started")
    for step in [*range(1, 21), *range(16, steps + 1)]:
        values = {"loss": 2 / step, "grad_norm": float("nan") if step == 3 else 0.5, "epoch": 0.1}
        folder.append("metric", step=step, values=values)
        folder.append("progress", done=step, total=40, eta_seconds=12.5)
    folder.append("log", level="warning", text="Half of it is padding.")
    folder.append("cancelled")
    folder.release()
    folder.log.write_text("".join(f"line {place}\n" for place in range(300)))
    return folder


def test_the_list_says_what_each_does_and_the_newest_comes_first(
    browser: Browser, ws: Workspace
) -> None:
    assert browser.get("/api/jobs").json() == []
    first = trained(ws)
    spec = {"model": "pickup@v1", "on": "pickup@1/test"}
    second = jobs.submit(ws, jobs.new_job("evaluate", spec), {})
    newest, older = browser.get("/api/jobs").json()
    assert (newest["id"], newest["about"]) == (second.id, "pickup@v1 answers pickup@1/test")
    assert (older["id"], older["state"]) == (first.path.name, "cancelled")
    assert older["about"] == "pickup: sft of hone-nano on pickup@2"
    assert len(browser.get("/api/jobs", newest=1).json()) == 1
    assert browser.get("/api/jobs", newest=0).status_code == 422


def test_one_job_has_its_figures_by_step_its_stages_and_the_end_of_its_log(
    browser: Browser, ws: Workspace
) -> None:
    id = trained(ws).path.name
    found = browser.get(f"/api/jobs/{id}").json()
    # Steps that were done again count once, as they came last; what is no number is left out.
    assert [step for step, _ in found["series"]["loss"]] == list(range(1, 31))
    assert len(found["series"]["grad_norm"]) == 29 and "epoch" not in found["series"]
    assert [one["name"] for one in found["stages"]] == ["load", "train"]
    assert found["stages"][1]["ended_at"] is not None  # it is over: nothing is under way
    assert (found["done"], found["total"], found["said"]) == (30, 40, ["Half of it is padding."])
    log = browser.get(f"/api/jobs/{id}/log", tail=3).json()
    assert log["lines"] == ["line 297", "line 298", "line 299"]
    for path in ("nothing-1", "nothing-1/log"):
        assert browser.get(f"/api/jobs/{path}").status_code == 404


def test_a_long_training_comes_as_means_of_neighbours() -> None:
    points = [(float(step), float(step % 2)) for step in range(1, 100_001)]
    few = thinned(points)
    assert len(few) == MOST_POINTS and few[-1][0] == 100_000
    assert all(value == 0.5 for _, value in few)
    assert thinned(points[:MOST_POINTS]) == points[:MOST_POINTS]


def test_what_waits_is_asked_to_stop_and_what_is_over_is_not(
    browser: Browser, ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = jobs.submit(ws, jobs.new_job("train", SPEC), {})
    assert browser.post(f"/api/jobs/{waiting.id}/stop", {}).status_code == 200
    assert JobFolder(ws.jobs / waiting.id).is_stop_requested
    over = trained(ws).path.name
    refused = browser.post(f"/api/jobs/{over}/stop", {})
    assert refused.status_code == 409 and "is over: cancelled" in refused.json()["error"]
    asked: list[str] = []

    def resumed(ws: Workspace, id: str) -> object:
        asked.append(id)
        return ws.store.jobs.get(id)

    monkeypatch.setattr(jobs, "resume", resumed)
    assert browser.post(f"/api/jobs/{over}/resume", {}).json()["id"] == over == asked[0]


def test_what_is_under_way_is_listed_however_much_was_ordered_since(
    browser: Browser, ws: Workspace
) -> None:
    old = jobs.submit(ws, jobs.new_job("train", SPEC), {})
    ws.store.attempts.ask(old.id, queue="local", after_seq=0, environment={})
    newer = [trained(ws).path.name for _ in range(2)]
    shown = [one["id"] for one in browser.get("/api/jobs", newest=1).json()]
    assert shown == [newer[-1], old.id]


def test_a_machine_is_not_rented_again_for_more_than_was_agreed_to(
    browser: Browser, ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resumed(ws: Workspace, id: str) -> object:
        return ws.store.jobs.get(id)

    monkeypatch.setattr(jobs, "resume", resumed)
    order = jobs.new_job("train", {**SPEC, "budget_usd": 3.0}, target="lambda")
    id = jobs.submit(ws, order, {}).id
    assert browser.get(f"/api/jobs/{id}").json()["may_cost_usd"] == 3.0
    for agreed in ({}, {"price_usd": 2.5}):
        refused = browser.post(f"/api/jobs/{id}/resume", agreed)
        assert refused.status_code == 403 and "it may cost $3.00" in refused.json()["error"]
    assert browser.post(f"/api/jobs/{id}/resume", {"price_usd": 3.0}).status_code == 200
    assert browser.get(f"/api/jobs/{trained(ws).path.name}").json()["may_cost_usd"] == 0


def test_reviewers_look_and_trainers_stop(ws: Workspace) -> None:
    id = trained(ws).path.name
    people.add_person(ws, "vera", "reviewer", "password of vera")
    site = Site(ws, access(is_shared=True))
    vera = Browser(site).sign_in(name="vera", password="password of vera")
    assert vera.get(f"/api/jobs/{id}").status_code == 200
    for verb in ("stop", "resume"):
        assert vera.post(f"/api/jobs/{id}/{verb}", {}).status_code == 403


def test_what_is_over_is_not_read_again_until_its_folder_changes(
    browser: Browser, ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = trained(ws)
    waiting = jobs.submit(ws, jobs.new_job("train", SPEC), {})
    first = browser.get("/api/jobs").json()
    read: list[str] = []
    events = JobFolder.read_from

    def counted(self: JobFolder, offset: int) -> object:
        read.append(self.path.name)
        return events(self, offset)

    monkeypatch.setattr(JobFolder, "read_from", counted)
    assert browser.get("/api/jobs").json() == first
    assert set(read) == {waiting.id}
    folder.append("log", level="info", text="more")
    browser.get("/api/jobs")
    assert folder.path.name in read
