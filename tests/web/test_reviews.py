"""Decisions over HTTP: acknowledged after the commit, applied once, never over somebody's head."""

from __future__ import annotations

from typing import Any

import pytest

from hone.web.api.reviews import MOST_OPERATIONS
from hone.web.site import Site
from hone.workspace.open import Workspace
from tests.web.browser import Browser
from tests.web.conftest import QUESTIONS

PENDING = {"status": ["pending"], "task": "qa"}


def one(example: str, verdict: str = "accept", **more: Any) -> dict[str, Any]:
    return {
        "op_id": f"review-{verdict}-{example}",
        "example_id": example,
        "verdict": verdict,
    } | more


def send(browser: Browser, *operations: dict[str, Any], **query: Any) -> Any:
    answer = browser.post("/api/reviews", {"operations": list(operations)}, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def outcomes(answer: Any) -> list[str]:
    return [receipt["outcome"] for receipt in answer["receipts"]]


@pytest.mark.parametrize(
    ("verdict", "status"),
    [
        ("accept", "accepted"),
        ("reject", "rejected"),
        ("skip", "skipped"),
        ("flag", "flagged"),
        ("unknown", "unknown"),
        ("reset", "pending"),
    ],
)
def test_each_verdict_puts_an_example_where_it_belongs(
    browser: Browser, verdict: str, status: str
) -> None:
    answer = send(browser, one("q1", verdict), task="qa")
    assert outcomes(answer) == ["applied"]
    assert browser.get("/api/examples/q1").json()["example"]["status"] == status
    expected = QUESTIONS if status == "pending" else QUESTIONS - 1
    assert answer["counters"]["pending"] == expected


def test_an_edit_brings_its_answer_and_note(browser: Browser) -> None:
    send(browser, one("q1", "edit", output={"answer": "One."}, note="shorter", base_version=1))
    shown = browser.get("/api/examples/q1").json()["example"]
    assert (shown["status"], shown["output"], shown["note"]) == (
        "edited", {"answer": "One."}, "shorter"
    )  # fmt: skip


def test_the_same_operation_again_is_a_duplicate_with_the_same_receipt(browser: Browser) -> None:
    first = send(browser, one("q1", base_version=1))
    again = send(browser, one("q1", base_version=1))
    assert outcomes(again) == ["duplicate"]
    assert again["receipts"][0]["version"] == first["receipts"][0]["version"] == 2
    assert again["counters"] == first["counters"]


def test_an_older_version_is_a_conflict_and_changes_nothing(browser: Browser) -> None:
    send(browser, one("q1", base_version=1))
    answer = send(browser, one("q1", "reject", base_version=1))
    assert outcomes(answer) == ["conflict"]
    assert answer["receipts"][0]["version"] == 2
    assert browser.get("/api/examples/q1").json()["example"]["status"] == "accepted"


def test_a_batch_is_answered_in_order_whatever_becomes_of_each(browser: Browser) -> None:
    answer = send(
        browser,
        one("q1"),
        one("nobody"),
        one("q2", base_version=7),
        one("q3", "edit", output={"wrong": "field"}),
        one("p1"),
        one("q4", "reject"),
    )
    assert outcomes(answer) == [
        "applied", "missing", "conflict", "refused", "refused", "applied"
    ]  # fmt: skip
    assert all(r["reason"] for r in answer["receipts"] if r["outcome"] != "applied")
    assert answer["receipts"][0]["op_id"] == "review-accept-q1"


def test_a_batch_has_a_bound_and_nothing_of_a_larger_one_is_applied(browser: Browser) -> None:
    many = [one("q1") | {"op_id": f"number-{n:05}"} for n in range(MOST_OPERATIONS + 1)]
    assert browser.post("/api/reviews", {"operations": many}).status_code == 422
    assert browser.post("/api/reviews", {"operations": []}).status_code == 422
    assert browser.get("/api/examples/q1").json()["example"]["status"] == "pending"


@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": "burn"},
        {"op_id": "short"},
        {"op_id": "x" * 101},
        {"base_version": "two"},
        {"unknown": 1},
        {"note": "x" * 20_001},
    ],
)
def test_a_decision_that_does_not_fit_is_refused(browser: Browser, wrong: dict[str, Any]) -> None:
    answer = browser.post("/api/reviews", {"operations": [one("q1") | wrong]})
    assert answer.status_code == 422


def test_undo_and_redo_walk_the_journal(browser: Browser) -> None:
    send(browser, one("q1"))
    send(browser, one("q2", "reject"))
    undone = browser.post("/api/reviews/undo", {"op_id": "undo-the-newest"}).json()
    assert undone["receipt"]["outcome"] == "applied"
    assert undone["examples"] == ["q2"]
    assert browser.get("/api/examples/q2").json()["example"]["status"] == "pending"
    redone = browser.post("/api/reviews/redo", {"op_id": "redo-the-newest"}).json()
    assert redone["examples"] == ["q2"]
    assert browser.get("/api/examples/q2").json()["example"]["status"] == "rejected"
    named = {"op_id": "undo-by-its-name", "target": "review-accept-q1"}
    assert browser.post("/api/reviews/undo", named, task="qa").json()["examples"] == ["q1"]


def test_nothing_to_undo_is_told_and_moves_nothing(browser: Browser) -> None:
    answer = browser.post("/api/reviews/undo", {"op_id": "undo-the-newest"}).json()
    assert answer["receipt"]["outcome"] == "missing"
    assert answer["examples"] == []


def test_what_was_decided_as_another_is_not_taken_as_ones_own(shared: Site, ws: Workspace) -> None:
    """The tabs of a browser share a cookie: in another one somebody else may have signed in."""
    rita = Browser(shared).sign_in(name="rita", password="password of rita")
    tom = Browser(shared).sign_in(name="tom", password="password of tom")
    seats = {browser.get("/api/session").json()["seat"] for browser in (rita, tom)}
    assert len(seats) == 2
    hers = rita.get("/api/session").json()["seat"]
    step = {"op_id": "another-operation"}
    bulk = step | {"verdict": "accept", "choice": PENDING, "expected_count": 12, "snapshot": "0-13"}
    for path, body in (
        ("/api/reviews", {"operations": [one("q1")]}),
        ("/api/reviews/undo", step),
        ("/api/reviews/redo", step),
        ("/api/reviews/bulk", bulk),
    ):
        told = tom.post(path, body, seat=hers)
        assert told.status_code == 412, told.text
        assert told.json()["error"] and told.json()["hint"]
    assert ws.store.journal.last_seq() == 0
    assert outcomes(send(rita, one("q1"), seat=hers)) == ["applied"]
    assert outcomes(send(tom, one("q2"))) == ["applied"]


def test_undo_takes_back_ones_own_only(shared: Site) -> None:
    rita = Browser(shared).sign_in(name="rita", password="password of rita")
    tom = Browser(shared).sign_in(name="tom", password="password of tom")
    send(rita, one("q1"))
    answer = tom.post("/api/reviews/undo", {"op_id": "undo-of-tom"}).json()
    assert answer["receipt"]["outcome"] == "missing"


def bulk(browser: Browser, **changed: Any) -> Any:
    preview = browser.post("/api/reviews/bulk/preview", {"verdict": "accept", "choice": PENDING})
    shown = preview.json()
    body = {
        "op_id": "bulk-of-all",
        "verdict": "accept",
        "choice": PENDING,
        "expected_count": shown["count"],
        "snapshot": shown["snapshot"],
    }
    return browser.post("/api/reviews/bulk", body | changed, task="qa")


def test_many_are_decided_as_shown_and_undone_as_one(browser: Browser, ws: Workspace) -> None:
    answer = bulk(browser).json()
    assert answer["receipt"]["changed"] == QUESTIONS
    assert answer["counters"]["accepted"] == QUESTIONS
    assert ws.store.journal.last_seq() == 1
    undone = browser.post("/api/reviews/undo", {"op_id": "undo-of-all"}, task="qa").json()
    assert undone["counters"]["pending"] == QUESTIONS
    assert len(undone["examples"]) == QUESTIONS and not undone["has_more_examples"]


def test_more_than_was_shown_is_never_decided(browser: Browser) -> None:
    answer = bulk(browser, expected_count=QUESTIONS - 1).json()
    assert answer["receipt"]["outcome"] == "conflict"
    assert answer["counters"]["accepted"] == 0


def test_some_are_decided_by_their_names(browser: Browser) -> None:
    choice = {"ids": ["q1", "q3"]}
    shown = browser.post("/api/reviews/bulk/preview", {"verdict": "reject", "choice": choice})
    assert shown.json()["count"] == 2


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"verdict": "edit"}, 400), ({"snapshot": "forged"}, 400), ({"choice": {"sort": 1}}, 422)],
)
def test_a_bulk_decision_that_makes_no_sense_is_refused(
    browser: Browser, changed: dict[str, Any], status: int
) -> None:
    assert bulk(browser, **changed).status_code == status


def test_statistics_say_how_far_the_review_is(browser: Browser) -> None:
    send(browser, one("q1"), one("q2", "reject"))
    shown = browser.get("/api/reviews/statistics", task="qa").json()
    assert shown["sentence"] == f"Reviewed 2 of {QUESTIONS} ({QUESTIONS - 2} pending)"
    assert shown["by_reviewer"] == {"olive": {"accepted": 1, "rejected": 1}}
    assert shown["by_status"]["accepted"] == 1
    assert sum(day["decisions"] for day in shown["by_day"]) == 2


def test_what_was_audited_is_added_up_and_other_tasks_have_nothing_to_add(
    browser: Browser,
) -> None:
    send(browser, one("p1", "edit", output=[{"item": "pears", "quantity": 2}]))
    shown = browser.get("/api/reviews/audited", task="pickup").json()
    assert (shown["audited"], shown["total"], shown["fewest"]) == (1, 1, 10)
    assert shown["weight"] == {"items": 1, "pounds": 0, "unknown": 1}
    assert "9 more are needed" in shown["readiness"] and not shown["is_ready"]
    refused = browser.get("/api/reviews/audited", task="qa")
    assert refused.status_code == 400 and "no records to add up" in refused.json()["error"]


def test_a_repeat_is_asked_blindly_and_counts_for_consistency_alone(browser: Browser) -> None:
    assert browser.put("/api/settings/review.repeat_share", {"value": 0.2}).status_code == 200
    send(browser, *(one(f"q{number}") for number in range(1, 7)))
    # So much else is decided in between that nobody remembers.
    for number in range(30):
        send(browser, one("q6", "skip" if number % 2 else "flag", op_id=f"in-between-{number}"))
    shown = browser.get("/api/examples", status="pending", task="qa").json()["items"]
    known = {f"q{number}" for number in range(1, QUESTIONS + 1)}
    repeats = [item for item in shown if item["id"] not in known]
    assert repeats, "no example of these is followed by a repeat"
    plain = next(item for item in shown if item["id"] in known)
    repeat = repeats[0]
    assert set(repeat) == set(plain)
    assert (repeat["status"], repeat["reviewer"], repeat["output"]) == ("pending", None, None)
    before = browser.get("/api/reviews/statistics", task="qa").json()
    answer = send(browser, one(repeat["id"], "reject", base_version=repeat["version"]), task="qa")
    assert outcomes(answer) == ["applied"]
    after = browser.get("/api/reviews/statistics", task="qa").json()
    assert after["by_status"] == before["by_status"] == answer["counters"]
    consistency = after["consistency"]["olive"]
    assert (consistency["repeats"], consistency["same"], consistency["same_verdict"]) == (1, 0, 0)


def test_a_viewer_is_shown_no_repeats(shared: Site) -> None:
    Browser(shared).sign_in().put("/api/settings/review.repeat_share", {"value": 0.2})
    vera = Browser(shared).sign_in(name="vera", password="password of vera")
    shown = vera.get("/api/examples", status="pending", task="qa").json()["items"]
    assert len(shown) == QUESTIONS


def test_a_record_is_text_whatever_it_holds(browser: Browser) -> None:
    hostile = "<script>alert(1)</script>\u202e\x00</textarea>{{7*7}}"
    send(browser, one("q1", "edit", output={"answer": hostile}))
    answer = browser.get("/api/examples/q1")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["example"]["output"] == {"answer": hostile}
