"""Values that JSON can carry and little else can: refused or kept, and never a failing server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.web.browser import Browser

HALF = "half of a pair \ud800"
HUGE = 10**30
ODD: dict[str, Any] = {
    "half a surrogate pair": HALF,
    "a zero byte": "a\0b",
    "no number": float("nan"),
    "no end": float("inf"),
    "a huge number": HUGE,
    "a number beyond every float": 10**400,
    "deep": json.loads("[" * 400 + "]" * 400),
    "a long text": "x" * 2_000_000,
}


def post(browser: Browser, path: str, body: Any, **query: Any) -> int:
    """Sent as Python writes it: with NaN, Infinity and escapes of half pairs."""
    answer = browser.ask(
        "POST",
        path,
        content=json.dumps(body),
        params=query,
        headers={"Content-Type": "application/json"},
    )
    print(path, answer.status_code, answer.text[:300])
    return answer.status_code


@pytest.mark.parametrize("name", ODD)
def test_an_odd_answer_never_fails_the_server_nor_the_pages_after_it(
    browser: Browser, name: str
) -> None:
    odd = ODD[name]
    for place, output in enumerate(({"answer": odd}, odd, {"answer": "x", "more": odd}), 1):
        wanted = {"op_id": f"odd-answer-{place}", "example_id": f"q{place}", "verdict": "edit"}
        assert post(browser, "/api/reviews", {"operations": [wanted | {"output": output}]}) < 500
    record = {"op_id": "odd-answer-p", "example_id": "p1", "verdict": "edit"}
    output = [{"item": odd, "quantity": odd}]
    assert post(browser, "/api/reviews", {"operations": [record | {"output": output}]}) < 500
    for path in ("/api/examples", "/api/examples/q1", "/api/examples/q1/comparison"):
        answer = browser.get(path)
        assert answer.status_code == 200, answer.text[:300]
        json.loads(answer.text, parse_constant=lambda said: pytest.fail(said))
    assert browser.get("/api/sessions/file").status_code == 200
    assert browser.get("/api/examples/q1/training").status_code < 500
    assert browser.get("/api/examples/q1/similar").status_code == 200
    assert browser.get("/api/home").status_code == 200


@pytest.mark.parametrize("name", ODD)
def test_an_odd_value_anywhere_else_is_refused(browser: Browser, name: str) -> None:
    odd = ODD[name]
    base = {"op_id": "odd-value-1", "example_id": "q1", "verdict": "flag"}
    for key in ("op_id", "example_id", "verdict", "base_version", "note"):
        assert post(browser, "/api/reviews", {"operations": [base | {key: odd}]}) < 500, key
    assert post(browser, "/api/reviews", {"operations": [base]}, task=ascii(odd)[:100]) < 500
    for key in ("op_id", "target"):
        assert post(browser, "/api/reviews/undo", {"op_id": "odd-undo-1", key: odd}) < 500, key
    for key in ("text", "task", "tags", "files", "reviewer", "since", "min_score", "ids", "status"):
        for value in (odd, [odd]):
            asked = {"verdict": "accept", "choice": {key: value}}
            assert post(browser, "/api/reviews/bulk/preview", asked) < 500, key
    bulk: dict[str, Any] = {"op_id": "odd-bulk-1", "verdict": "flag", "choice": {"ids": ["q5"]}}
    seen = {"verdict": "flag", "choice": bulk["choice"]}
    bulk["snapshot"] = browser.post("/api/reviews/bulk/preview", seen).json()["snapshot"]
    bulk |= {"expected_count": 1, "note": "n"}
    for key in ("op_id", "expected_count", "snapshot", "note", "verdict"):
        assert post(browser, "/api/reviews/bulk", bulk | {key: odd}) < 500, key
    assert post(browser, "/api/session", {"token": odd}) < 500
    assert post(browser, "/api/session", {"name": odd, "password": odd}) < 500
    assert browser.get("/api/examples").status_code == 200
    assert browser.get("/api/examples/q1").status_code == 200


QUERIES = ("min_score", "text", "task", "tag", "file", "reviewer", "after", "before", "around")


ODD_QUERIES = ("nan", "inf", "-1", str(HUGE), "\0", '"', "*", "0001-01-01", "x" * 400, "'; --")


def test_an_odd_question_is_answered_or_refused(browser: Browser) -> None:
    for key in (*QUERIES, "since", "until", "limit", "order", "status"):
        for value in ODD_QUERIES:
            answer = browser.get("/api/examples", **{key: value})
            assert answer.status_code < 500, (key, value, answer.text)


def test_more_conditions_than_a_database_can_hold_are_refused(browser: Browser) -> None:
    for key, parameter in (("tags", "tag"), ("files", "file"), ("status", "status")):
        many = [str(number) for number in range(2500)]
        asked = {"verdict": "accept", "choice": {key: many}}
        assert post(browser, "/api/reviews/bulk/preview", asked) == 422
        assert browser.get("/api/examples", **{parameter: many}).status_code == 422
    wordy = {"verdict": "accept", "choice": {"text": "word " * 50_000}}
    assert post(browser, "/api/reviews/bulk/preview", wordy) == 422
