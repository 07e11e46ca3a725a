"""Signing in: with the start-up token or a password, once with a ticket, and not by guessing."""

from __future__ import annotations

import stat
import sys
from http.cookiejar import Cookie

import pytest

from hone.settings import user_config_folder
from hone.stages import people
from hone.web.access import GUESSES_OF_ALL, GUESSES_OF_ONE, Guesses, TooManyGuesses
from hone.web.app import build_app
from hone.web.site import Site
from hone.workspace.open import Workspace
from tests.web.browser import OPERATOR, TOKEN, Browser, access

PUBLIC = {("get", "/api/session"), ("post", "/api/session"), ("delete", "/api/session")}


def test_nobody_is_told_more_than_that_nobody_is_signed_in(stranger: Browser) -> None:
    answer = stranger.get("/api/session").json()
    assert answer["user"] is answer["role"] is answer["workspace"] is answer["default_task"] is None


def test_the_token_signs_the_operator_in(stranger: Browser, ws: Workspace) -> None:
    answer = stranger.post("/api/session", {"token": TOKEN})
    assert answer.json()["user"] == OPERATOR
    assert answer.json()["role"] == "admin"
    assert answer.json()["workspace"] == {"name": "theology", "path": str(ws.root)}
    assert stranger.get("/api/session").json()["user"] == OPERATOR


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: Browser) -> None:
    answer = stranger.post("/api/session", {"token": TOKEN})
    said = answer.headers["set-cookie"].lower()
    assert "httponly" in said and "samesite=strict" in said and "path=/" in said
    assert TOKEN not in answer.headers["set-cookie"] and TOKEN not in answer.text


def test_a_wrong_token_is_refused(stranger: Browser) -> None:
    answer = stranger.post("/api/session", {"token": "wrong"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert stranger.get("/api/session").json()["user"] is None


@pytest.mark.parametrize("given", [{}, {"name": "vera"}, {"password": "x"}])
def test_half_of_what_is_needed_is_refused(stranger: Browser, given: dict[str, str]) -> None:
    assert stranger.post("/api/session", given).status_code == 400


@pytest.mark.parametrize(
    "header", ["Bearer wrong", "Bearer ", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x"]
)
def test_a_wrong_bearer_is_nobody(stranger: Browser, header: str) -> None:
    answer = stranger.ask("GET", "/api/tasks", headers={"Authorization": header})
    assert answer.status_code == 401


def test_a_wrong_bearer_is_nobody_even_with_a_good_cookie(browser: Browser) -> None:
    answer = browser.ask("GET", "/api/tasks", headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 401


def test_signing_out_ends_the_cookie_for_good(browser: Browser) -> None:
    (kept,) = list(browser.cookies.jar)
    assert browser.ask("DELETE", "/api/session").json()["user"] is None
    assert not list(browser.cookies.jar)
    stolen = Browser(browser.app)
    stolen.cookies.jar.set_cookie(kept)
    assert stolen.get("/api/tasks").status_code == 401


def test_a_restart_signs_nobody_out(browser: Browser, ws: Workspace) -> None:
    (kept,) = list(browser.cookies.jar)
    restarted = Browser(Site(ws, access(token="another token of the new start, also long")))
    restarted.cookies.jar.set_cookie(kept)
    assert restarted.get("/api/session").json()["user"] == OPERATOR


def test_what_is_kept_lets_nobody_in(browser: Browser) -> None:
    (file,) = (user_config_folder() / "sign-ins").iterdir()
    text = file.read_text()
    (cookie,) = list(browser.cookies.jar)
    assert isinstance(cookie, Cookie) and cookie.value not in text and TOKEN not in text
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_ticket_signs_in_once(site: Site) -> None:
    ticket = site.sign_ins.new_ticket()
    assert Browser(site).post("/api/session", {"token": ticket}).status_code == 200
    assert Browser(site).post("/api/session", {"token": ticket}).status_code == 401


def test_a_ticket_is_no_bearer(site: Site) -> None:
    header = {"Authorization": f"Bearer {site.sign_ins.new_ticket()}"}
    assert Browser(site).ask("GET", "/api/tasks", headers=header).status_code == 401


def test_guessing_is_stopped_and_others_are_not_kept_out(site: Site) -> None:
    guesser = Browser(site, address="10.0.0.66")
    for _ in range(GUESSES_OF_ONE):
        assert guesser.post("/api/session", {"token": "guess"}).status_code == 401
    answer = guesser.post("/api/session", {"token": TOKEN})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert Browser(site).post("/api/session", {"token": TOKEN}).status_code == 200


def test_guesses_are_forgotten_after_a_minute_and_bounded_for_all_together() -> None:
    now = 0.0
    guesses = Guesses(clock=lambda: now)
    for number in range(GUESSES_OF_ALL):
        guesses.count(f"10.0.0.{number}")
    with pytest.raises(TooManyGuesses, match="Too many failed attempts to sign in") as told:
        guesses.refuse_too_many("10.9.9.9")
    assert (told.value.hint, told.value.seconds) == ("Wait 60 seconds, then try again.", 60)
    now = 61.0
    guesses.refuse_too_many("10.9.9.9")


def endpoints(site: Site) -> list[tuple[str, str]]:
    paths = build_app(site).openapi()["paths"]
    return [(method, path) for path, verbs in paths.items() for method in verbs]


def test_every_endpoint_but_signing_in_wants_somebody(site: Site, stranger: Browser) -> None:
    found = endpoints(site)
    assert len(found) > 25
    for method, path in found:
        place = path.replace("{id}", "q1").replace("{key}", "task")
        upload = path == "/api/imports/files"
        kind = "application/octet-stream" if upload else "application/json"
        headers = {"Content-Type": kind}
        query = {"name": "a.csv"} if upload else {}
        answer = stranger.ask(method.upper(), place, content=b"{}", headers=headers, params=query)
        expected = (200, 400) if (method, path) in PUBLIC else (401,)
        assert answer.status_code in expected, (method, path, answer.text)


def test_a_password_signs_its_owner_in(shared: Site) -> None:
    browser = Browser(shared).sign_in(name="rita", password="password of rita")
    answer = browser.get("/api/session").json()
    assert (answer["user"], answer["role"], answer["is_shared"]) == ("rita", "reviewer", True)


def test_a_wrong_name_and_a_wrong_password_are_refused_alike(shared: Site) -> None:
    for name, password in (("rita", "wrong"), ("nobody", "password of rita"), ("rita", "")):
        answer = Browser(shared).post("/api/session", {"name": name, "password": password})
        assert answer.status_code == 401
        assert answer.json()["error"] == "The name or the password is wrong."


def test_another_password_signs_everybody_who_had_the_old_one_out(
    shared: Site, ws: Workspace
) -> None:
    browser = Browser(shared).sign_in(name="rita", password="password of rita")
    people.add_person(ws, "rita", "trainer", "another password", is_replacing=True)
    assert browser.get("/api/tasks").status_code == 401
    browser.sign_in(name="rita", password="another password")
    assert browser.get("/api/session").json()["role"] == "trainer"


def test_who_is_removed_is_out_at_once(shared: Site, ws: Workspace) -> None:
    browser = Browser(shared).sign_in(name="rita", password="password of rita")
    people.remove_person(ws, "rita")
    assert browser.get("/api/tasks").status_code == 401


WRITES = [
    ("POST", "/api/reviews", {"operations": []}, "reviewer"),
    ("POST", "/api/reviews/undo", {"op_id": "one-of-eight"}, "reviewer"),
    ("POST", "/api/reviews/redo", {"op_id": "one-of-eight"}, "reviewer"),
    ("POST", "/api/reviews/bulk", {}, "reviewer"),
    ("POST", "/api/reviews/bulk/preview", {}, "reviewer"),
    ("POST", "/api/sessions/load", {}, "reviewer"),
    ("POST", "/api/imports", {}, "reviewer"),
    ("POST", "/api/imports/plan", {}, "reviewer"),
    ("POST", "/api/imports/0/cancel", {}, "reviewer"),
    ("PUT", "/api/settings/setup_mode", {"value": True}, "admin"),
]


def test_a_viewer_changes_nothing(shared: Site) -> None:
    browser = Browser(shared).sign_in(name="vera", password="password of vera")
    for method, path, body, role in WRITES:
        answer = browser.ask(method, path, json=body)
        assert answer.status_code == 403, path
        assert answer.json()["error"] == f"vera is a viewer; this needs the role {role}."
    assert browser.upload("a.csv", b"question,answer\n").status_code == 403
    assert browser.get("/api/examples").status_code == 200


def test_only_an_admin_changes_settings(shared: Site) -> None:
    browser = Browser(shared).sign_in(name="tom", password="password of tom")
    assert browser.put("/api/settings/setup_mode", {"value": True}).status_code == 403
    assert browser.get("/api/settings").status_code == 200


def test_a_decision_carries_the_name_of_who_is_signed_in(shared: Site, ws: Workspace) -> None:
    browser = Browser(shared).sign_in(name="rita", password="password of rita")
    one = {"op_id": "one-of-eight", "example_id": "q1", "verdict": "accept"}
    assert browser.post("/api/reviews", {"operations": [one]}).status_code == 200
    assert ws.store.examples.get("q1").reviewer == "rita"
    forged = one | {"op_id": "two-of-eight", "reviewer": "the bishop"}
    assert browser.post("/api/reviews", {"operations": [forged]}).status_code == 422


def test_only_a_trainer_names_a_folder_of_the_server_as_a_base(shared: Site) -> None:
    for name, allowed in (("vera", False), ("rita", False), ("tom", True)):
        browser = Browser(shared).sign_in(name=name, password=f"password of {name}")
        for folder in ("/etc", "../other", "~/models/mine", "a/b/c", "c:\\models"):
            answer = browser.get("/api/examples/q1/training", base=folder)
            assert (answer.status_code != 403) is allowed, answer.text
        assert browser.get("/api/examples/q1/training", base="hone-nano").status_code == 200
