"""Windows onto the examples, and everything about one of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.browser import Browser
from tests.web.conftest import QUESTIONS


def ids(answer: Any) -> list[str]:
    return [item["id"] for item in answer.json()["items"]]


def accept(browser: Browser, *names: str) -> None:
    operations = [
        {"op_id": f"accept-{name}", "example_id": name, "verdict": "accept"} for name in names
    ]
    assert browser.post("/api/reviews", {"operations": operations}).status_code == 200


def test_a_window_shows_examples_in_the_order_of_import(browser: Browser) -> None:
    answer = browser.get("/api/examples", task="qa", limit=5)
    assert ids(answer) == ["q1", "q2", "q3", "q4", "q5"]
    shown = answer.json()
    assert shown["total"] == QUESTIONS
    assert shown["counters"]["pending"] == QUESTIONS
    assert (shown["has_before"], shown["has_after"]) == (False, True)


def test_an_example_shows_the_answer_that_a_person_would_look_at(browser: Browser) -> None:
    (shown,) = browser.get("/api/examples", task="qa", limit=1).json()["items"]
    assert shown["answer"] == {"answer": "It is 1."} and shown["output"] is None
    assert shown["input"] == {"question": "What is number 1?"}
    assert shown["status"] == "pending" and shown["version"] == 1
    edit = {"op_id": "edit-of-q1", "example_id": "q1", "verdict": "edit"}
    browser.post("/api/reviews", {"operations": [edit | {"output": {"answer": "One."}}]})
    shown = browser.get("/api/examples/q1").json()["example"]
    assert shown["answer"] == shown["output"] == {"answer": "One."}


def test_an_example_without_any_answer_has_none(browser: Browser) -> None:
    assert browser.get("/api/examples/p1").json()["example"]["answer"] is None


def test_windows_follow_each_other_both_ways(browser: Browser) -> None:
    seen: list[str] = []
    window = browser.get("/api/examples", task="qa", limit=5).json()
    while True:
        seen += [item["id"] for item in window["items"]]
        if not window["has_after"]:
            break
        window = browser.get("/api/examples", task="qa", limit=5, after=window["last"]).json()
    assert seen == [f"q{number}" for number in range(1, QUESTIONS + 1)]
    back = browser.get("/api/examples", task="qa", limit=5, before=window["first"])
    assert ids(back) == ["q6", "q7", "q8", "q9", "q10"]
    assert back.json()["has_before"] and back.json()["has_after"]


def test_a_window_opens_around_an_example(browser: Browser) -> None:
    found = ids(browser.get("/api/examples", task="qa", limit=5, around="q6"))
    assert "q6" in found and found == sorted(found, key=lambda name: int(name[1:]))


def test_conditions_narrow_a_window(browser: Browser) -> None:
    accept(browser, "q1", "q2")
    assert ids(browser.get("/api/examples", status=["accepted"])) == ["q1", "q2"]
    assert ids(browser.get("/api/examples", status="accepted", tag="even")) == ["q2"]
    assert ids(browser.get("/api/examples", text="number 7")) == ["q7"]
    assert ids(browser.get("/api/examples", task="pickup")) == ["p1"]
    assert ids(browser.get("/api/examples", reviewer="olive")) == ["q1", "q2"]
    assert ids(browser.get("/api/examples", since="2020-01-01", limit=1)) == ["q1"]
    assert ids(browser.get("/api/examples", until="2020-01-01")) == []
    both = browser.get("/api/examples", status=["accepted", "pending"], task="qa")
    assert len(ids(both)) == QUESTIONS


@pytest.mark.parametrize("order", ["newest", "least_certain", "most_valuable"])
def test_each_order_shows_everything_once(browser: Browser, order: str) -> None:
    first = browser.get("/api/examples", task="qa", order=order, limit=7).json()
    second = browser.get("/api/examples", task="qa", order=order, after=first["last"]).json()
    shown = [item["id"] for item in first["items"] + second["items"]]
    assert sorted(shown) == sorted(f"q{number}" for number in range(1, QUESTIONS + 1))


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 201},
        {"order": "random"},
        {"since": "yesterday"},
        {"offset": 5},
        {"min_score": "high"},
    ],
)
def test_a_query_that_does_not_fit_is_refused(browser: Browser, query: dict[str, Any]) -> None:
    assert browser.get("/api/examples", **query).status_code == 422


@pytest.mark.parametrize(
    "query",
    [
        {"status": "perhaps"},
        {"after": "not a cursor"},
        {"after": "1", "around": "q1"},
        {"around": "nobody"},
    ],
)
def test_a_place_that_is_not_there_is_told(browser: Browser, query: dict[str, Any]) -> None:
    answer = browser.get("/api/examples", **query)
    assert answer.status_code in (400, 404)
    assert answer.json()["error"]


def test_an_example_comes_with_its_history(browser: Browser) -> None:
    accept(browser, "q1")
    shown = browser.get("/api/examples/q1").json()
    (operation,) = shown["history"]
    assert operation["verdict"] == "accept" and operation["reviewer"] == "olive"
    assert shown["example"]["status"] == "accepted"


@pytest.mark.parametrize("path", ["", "/comparison", "/training", "/similar"])
def test_an_example_that_does_not_exist_is_not_found(browser: Browser, path: str) -> None:
    answer = browser.get(f"/api/examples/nobody{path}")
    assert answer.status_code == 404
    assert "nobody" in answer.json()["error"]


def test_suggestions_are_compared_word_by_word(browser: Browser) -> None:
    first, second = browser.get("/api/examples/q3/comparison").json()["columns"]
    assert (first["agent"], second["agent"]) == ("import", "model")
    assert second["score"] == 0.5
    marks = {mark for mark, _ in second["diff"]}
    assert marks == {"=", "+"}
    assert "".join(text for mark, text in second["diff"] if mark != "-") == second["text"]


def test_training_is_shown_as_it_will_be(browser: Browser) -> None:
    shown = browser.get("/api/examples/q1/training", base="hone-nano").json()
    assert shown["base"] == "hone-nano"
    assert "What is number 1?" in shown["prompt"]
    assert shown["count"] == len(shown["tokens"]) == shown["kept"]
    assert any(token["is_learned"] for token in shown["tokens"])
    learned = "".join(token["text"] for token in shown["tokens"] if token["is_learned"])
    assert "It is 1." in learned


def test_what_is_cut_off_is_shown(browser: Browser) -> None:
    shown = browser.get("/api/examples/q1/training", max_seq_length=8).json()
    assert shown["is_truncated"] or shown["note"]
    assert shown["max_seq_length"] == 8
    assert browser.get("/api/examples/q1/training", max_seq_length=0).status_code == 422


def test_an_unknown_base_is_told_with_the_known_ones(browser: Browser) -> None:
    answer = browser.get("/api/examples/q1/training", base="no-such-base")
    assert answer.status_code == 404
    assert "hone-nano" in answer.json()["hint"]


def test_what_is_like_an_example_is_found(browser: Browser) -> None:
    shown = browser.get("/api/examples/q1/similar").json()
    assert set(shown) == {"same", "near", "group", "has_more"}
    group = {item["id"] for item in shown["group"]}
    assert group and all(int(name[1:]) % 2 == 1 for name in group)
    assert "q1" not in group
