"""Only our own page, under our own name, with bodies of the right kind, comes past the door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI

from hone.web.app import build_app
from hone.web.security import CONTENT_SECURITY_POLICY, HEADERS, MOST_BODY_BYTES
from hone.web.site import Site
from tests.web.browser import COOKIE, HOST, ORIGIN, TOKEN, Browser

FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:8321",
    "127.0.0.1",
    "127.0.0.1:80",
    f"{HOST}.evil.example",
    "127.0.0.1.evil.example:8321",
    "",
]
ACCEPT = {"operations": [{"op_id": "one-of-eight", "example_id": "q1", "verdict": "accept"}]}


@pytest.mark.parametrize("path", ["/", "/api/session", "/static/x/app.js"])
def test_a_name_that_is_not_ours_is_refused(browser: Browser, path: str) -> None:
    for host in FOREIGN_HOSTS:
        answer = browser.ask("GET", path, headers={"Host": host})
        assert answer.status_code == 421, host
        assert answer.json()["error"] and answer.json()["hint"]


def test_both_names_of_this_machine_are_ours(browser: Browser) -> None:
    for host in (HOST, "localhost:8321", "LOCALHOST:8321"):
        assert browser.ask("GET", "/api/session", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": f"{ORIGIN}.evil.example"},
        {"Origin": "http://127.0.0.1:9999", "Sec-Fetch-Site": "same-site"},
        {"Origin": None, "Sec-Fetch-Site": "cross-site"},
        {"Origin": None, "Sec-Fetch-Site": "same-site"},
        {"Origin": None, "Sec-Fetch-Site": None},
    ],
)
def test_a_decision_that_comes_from_elsewhere_is_refused(
    browser: Browser, headers: dict[str, Any]
) -> None:
    answer = browser.ask("POST", "/api/reviews", json=ACCEPT, headers=headers)
    assert answer.status_code == 403
    assert browser.get("/api/examples/q1").json()["example"]["status"] == "pending"


def test_reading_from_elsewhere_is_refused_too(browser: Browser) -> None:
    cross = {"Origin": None, "Sec-Fetch-Site": "cross-site"}
    assert browser.ask("GET", "/api/examples", headers=cross).status_code == 403


def test_a_link_from_elsewhere_still_opens_the_page(browser: Browser) -> None:
    cross = {"Origin": None, "Sec-Fetch-Site": "cross-site"}
    assert browser.ask("GET", "/", headers=cross).status_code == 200


def test_a_script_with_the_token_needs_no_origin(stranger: Browser) -> None:
    headers = {"Origin": None, "Sec-Fetch-Site": None, "Authorization": f"Bearer {TOKEN}"}
    answer = stranger.ask("POST", "/api/reviews", json=ACCEPT, headers=headers)
    assert answer.json()["receipts"][0]["outcome"] == "applied"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None]
)
def test_a_body_that_a_form_could_send_is_refused(browser: Browser, kind: str | None) -> None:
    body = b'{"operations":[{"op_id":"one-of-eight","example_id":"q1","verdict":"accept"}]}'
    answer = browser.ask("POST", "/api/reviews", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert "application/json" in answer.json()["hint"]


def test_an_upload_must_say_that_it_is_bytes(browser: Browser) -> None:
    answer = browser.post("/api/imports/files?name=a.csv", {"a": 1})
    assert answer.status_code == 415
    assert "application/octet-stream" in answer.json()["hint"]


def test_a_body_that_says_it_is_too_large_is_refused(browser: Browser) -> None:
    headers = {"Content-Type": "application/json"}
    body = b" " * (MOST_BODY_BYTES + 1)
    answer = browser.ask("POST", "/api/reviews", content=body, headers=headers)
    assert answer.status_code == 413
    assert answer.json()["error"]


def test_a_body_that_turns_out_too_large_is_refused(browser: Browser) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(MOST_BODY_BYTES // 1024**2 + 1):
            yield b" " * 1024**2

    headers = {"Content-Type": "application/json"}
    answer = browser.ask("POST", "/api/reviews", content=pieces(), headers=headers)
    assert answer.status_code == 413


def broken(site: Site) -> FastAPI:
    app = build_app(site)

    @app.get("/api/broken")
    def fail() -> None:
        raise RuntimeError("the secret of this failure")

    return app


def test_every_answer_carries_the_headers(site: Site) -> None:
    browser = Browser(broken(site)).sign_in()
    wanted = {name.decode(): value.decode() for name, value in HEADERS}
    for path, status in (
        ("/", 200),
        ("/api/session", 200),
        ("/api/nothing", 404),
        ("/nothing", 404),
        ("/api/broken", 500),
    ):
        answer = browser.get(path)
        assert answer.status_code == status
        assert wanted.items() <= dict(answer.headers).items(), path
    assert browser.get("/api/session").headers["cache-control"] == "no-store"


def test_the_policy_allows_nothing_from_elsewhere_and_no_inline_script() -> None:
    rules = dict(rule.split(" ", 1) for rule in CONTENT_SECURITY_POLICY.split("; "))
    assert rules["default-src"] == "'self'"
    assert "script-src" not in rules and "unsafe-eval" not in CONTENT_SECURITY_POLICY
    assert rules["object-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"


def test_a_bug_tells_the_browser_nothing_of_itself(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    answer = Browser(broken(site)).sign_in().get("/api/broken")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "the secret of this failure" in caplog.text


def test_what_does_not_fit_is_told_without_its_values(browser: Browser) -> None:
    answer = browser.post("/api/reviews", {"operations": [{"verdict": "burn the secret"}]})
    assert answer.status_code == 422
    assert "secret" not in answer.text
    assert any("verdict" in problem for problem in answer.json()["problems"])


def test_unknown_addresses_and_methods_answer_in_our_form(browser: Browser) -> None:
    assert "/api/nothing" in browser.get("/api/nothing").json()["error"]
    answer = browser.put("/api/reviews", {})
    assert answer.status_code == 405 and "PUT" in answer.json()["error"]


def test_the_cookie_is_only_for_this_server(browser: Browser) -> None:
    assert [cookie.name for cookie in browser.cookies.jar] == [COOKIE]
    assert COOKIE.endswith(HOST.partition(":")[2])
