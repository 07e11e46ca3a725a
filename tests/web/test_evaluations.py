"""Evaluations, their examples place by place, and comparisons from what is stored."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from hone.workspace.open import Workspace
from tests.stages.compare.planted import answer, make_planted
from tests.web.browser import Browser


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "ws"
    with make_planted(root) as ws:
        answer(ws, "pickup@v2", further=["pickup@v1"])
    return root


def the_id(browser: Browser) -> str:
    (line,) = browser.get("/api/evaluations").json()
    return line["id"]


def page(browser: Browser, **query: Any) -> Any:
    answer = browser.get(f"/api/evaluations/{the_id(browser)}/examples", **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_list_says_what_was_evaluated_on_what_and_how_it_did(browser: Browser) -> None:
    (line,) = browser.get("/api/evaluations").json()
    assert (line["model"], line["on"], line["examples"]) == ("pickup@v2", "pickup@1/test", 100)
    assert line["contenders"][0] == "pickup@v2" and len(line["contenders"]) == 6
    assert line["score"]["low"] < line["score"]["value"] < line["score"]["high"]
    assert browser.get("/api/evaluations", model="pickup@v4").json() == []


def test_the_spread_counts_every_answer_once_by_score_and_band(browser: Browser) -> None:
    found = browser.get(f"/api/evaluations/{the_id(browser)}").json()
    assert found["main"] == "pickup@v2" and found["is_asked_known"]
    for row in found["evaluation"]["rows"]:
        bins = found["spread"][row["contender"]]
        assert len(bins) == 20
        counted: dict[str, int] = {}
        for one in bins:
            for band, number in one["bands"].items():
                counted[band] = counted.get(band, 0) + number
        assert counted == row["bands"], row["contender"]
        assert sum(bins[-1]["bands"].values()) == row["bands"].get("green", 0)


def test_pages_hold_what_was_asked_expected_and_written(browser: Browser, ws: Workspace) -> None:
    first = page(browser, order="asked", limit=7)
    second = page(browser, order="asked", limit=7, start=7)
    assert first["total"] == second["total"] == 100 and second["start"] == 7
    ids = [one["id"] for one in first["items"] + second["items"]]
    file = ws.jobs / the_id(browser) / "inputs" / "examples.jsonl"
    asked = [json.loads(line) for line in file.read_text().splitlines()]
    assert ids == [one["id"] for one in asked[:14]]
    one = first["items"][0]
    assert one["asked"] == asked[0]["input"]["message"] and one["expected"] == asked[0]["answer"]
    assert one["is_stored"] and one["answers"][0]["contender"] == "pickup@v2"
    scores = {
        score.contender: score
        for score in ws.store.evaluations.scores(the_id(browser))
        if score.example_id == one["id"]
    }
    assert {answer["contender"]: answer["text"] for answer in one["answers"]} == {
        name: score.text for name, score in scores.items()
    }


@pytest.mark.parametrize("order", ["worst", "best"])
def test_orders_run_by_the_score_of_whoever_is_chosen(browser: Browser, order: str) -> None:
    found = page(browser, order=order, contender="pickup@v1", limit=100)
    scores = [one["answers"][0]["score"] for one in found["items"]]
    assert all(one["answers"][0]["contender"] == "pickup@v1" for one in found["items"])
    assert scores == sorted(scores, reverse=order == "best") and len(set(scores)) > 1


def test_lost_and_won_run_by_the_difference_to_another(browser: Browser) -> None:
    def differences(order: str) -> list[float]:
        query = {"order": order, "contender": "pickup@v2", "against": "rules", "limit": 100}
        items = page(browser, **query)["items"]
        scores = [{a["contender"]: a["score"] for a in one["answers"]} for one in items]
        return [one["pickup@v2"] - one["rules"] for one in scores]

    lost, won = differences("lost"), differences("won")
    assert lost == sorted(lost) and won == sorted(won, reverse=True)
    assert lost[0] < 0 <= won[0] and len(lost) == len(won) == 100


def test_bands_and_words_narrow_the_list_and_its_count(browser: Browser) -> None:
    poor = page(browser, band="red", limit=200)
    others = page(browser, band=["orange", "yellow", "green"])
    assert poor["total"] + others["total"] == page(browser)["total"] == 100
    assert poor["total"] == len(poor["items"]) > 0
    assert {one["answers"][0]["band"] for one in poor["items"]} == {"red"}
    bread = page(browser, text="BREAD", limit=200)
    assert 0 < bread["total"] < 100 and len(bread["items"]) == bread["total"]
    assert all("bread" in one["answers"][0]["text"] for one in bread["items"])
    assert page(browser, text="%", limit=9)["total"] == 0
    assert page(browser, start=100)["items"] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"contender": "nobody"}, 404),
        ({"order": "lost"}, 400),
        ({"order": "won", "against": "pickup@v2"}, 400),
        ({"order": "loudest"}, 422),
        ({"limit": 100_000}, 422),
        ({"start": -1}, 422),
        ({"band": "blue"}, 422),
    ],
)
def test_what_does_not_fit_is_refused_with_what_to_try(
    browser: Browser, query: dict[str, Any], status: int
) -> None:
    answer = browser.get(f"/api/evaluations/{the_id(browser)}/examples", **query)
    assert answer.status_code == status and answer.json()["hint"]


def test_without_its_folder_an_evaluation_still_shows_its_answers(
    browser: Browser, ws: Workspace
) -> None:
    shutil.rmtree(ws.jobs / the_id(browser))
    assert not browser.get(f"/api/evaluations/{the_id(browser)}").json()["is_asked_known"]
    one = page(browser, limit=1)["items"][0]
    assert one["asked"] == one["expected"] == "" and one["answers"][0]["text"]


def test_an_evaluation_that_is_not_there_is_named(browser: Browser) -> None:
    answer = browser.get("/api/evaluations/evaluate-nothing")
    assert answer.status_code == 404 and the_id(browser) in answer.json()["hint"]


def test_a_comparison_comes_from_stored_answers_alone(browser: Browser, ws: Workspace) -> None:
    found = browser.get("/api/comparisons", model=["pickup@v2", "pickup@v1"]).json()
    assert found["pairs"][0]["finding"] == "better" and found["examples"] == 100
    jobs = len(ws.store.jobs.list())
    owed = browser.get("/api/comparisons", model=["pickup@v2", "pickup@v3"])
    assert owed.status_code == 409
    assert owed.json()["hint"] == "hone evaluate pickup@v3 --data pickup@1/test"
    assert len(ws.store.jobs.list()) == jobs
    assert browser.get("/api/comparisons", model=["pickup@v2"]).status_code == 422


def test_an_order_is_sorted_once_however_far_one_pages(
    browser: Browser, ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sorted_so_far: list[object] = []
    ranked = type(ws.store.evaluations).ranked

    def counted(self: Any, *given: Any, **more: Any) -> Any:
        sorted_so_far.append(more["order"])
        return ranked(self, *given, **more)

    monkeypatch.setattr(type(ws.store.evaluations), "ranked", counted)
    whole = [one["id"] for one in page(browser, limit=100)["items"]]
    assert [one["id"] for one in page(browser, start=40, limit=20)["items"]] == whole[40:60]
    assert page(browser, start=100)["items"] == [] and page(browser, start=90)["items"]
    assert sorted_so_far == ["worst", "worst"]  # the first page by itself, then all of them
    best = [one["id"] for one in page(browser, order="best", limit=100)["items"]]
    assert sorted(best) == sorted(whole) and best != whole
    assert sorted_so_far == ["worst", "worst", "best"]
