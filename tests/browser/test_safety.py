"""Records are text, nobody else is asked, and only who may come in comes in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hone.loop import Workspace, init_workspace
from hone.stages.people import add_person
from hone.workspace.open import STORE_FILE
from hone.workspace.store.connection import open_engine
from hone.workspace.store.store import Store
from tests.browser import samples
from tests.browser.seat import Seat

HOSTILE = [
    "<script>window.harmed = 1</script>",
    "<img src=x onerror='window.harmed = 1'>",
    "<svg onload='window.harmed = 1'><a href='javascript:window.harmed=1'>x</a></svg>",
    "</textarea><script>window.harmed = 1</script>",
    "{{constructor.constructor('window.harmed = 1')()}} ${window.harmed = 1}",
    "javascript:window.harmed=1",
    "a \u202e reversed \u202c b \u2066 c",
    "x" * 100_000,
    "&lt;b&gt; &amp; \u00a0 'quotes' \"double\" `ticks`",
]
FOUND = """() => ({
  harmed: window.harmed ?? null,
  strangers: document.querySelectorAll("main script, main img, main iframe, main svg a").length,
})"""


@pytest.fixture
def hostile(tmp_path: Path) -> Workspace:
    ws = init_workspace(tmp_path / "hostile", template="qa")
    rows = [
        samples.row(
            "qa", number, {"question": text},
            [("import", {"answer": text}, 0.5), (text[:200], {"answer": "b " + text}, 0.4)],
            tags=samples.to_text([text[:50]]), group_key=text[:100],
            context=samples.to_text([{"text": text, "source": text[:80]}]),
        )
        for number, text in enumerate(HOSTILE)
    ]  # fmt: skip
    ws.store.examples.add_many(rows)
    return ws


def test_hostile_records_stay_text_everywhere(
    hostile: Workspace, serve: Callable[..., str], sit: Callable[..., Seat]
) -> None:
    seat = sit(serve(hostile)).open("#/review?status=all")
    for place, text in enumerate(HOSTILE, 1):
        seat.stands_at(f"Pair {place} / {len(HOSTILE)}")
        assert seat.page.locator(".source .record-text").first.text_content() == text
        assert seat.page.locator(".answer .answer-text").text_content() == text
        seat.press("e")
        assert seat.field("The answer, to edit").input_value() == text
        seat.press("Escape")
        for key, shown in (("c", ".compare"), ("t", ".tokens"), ("d", ".tab-panel")):
            seat.press(key).page.locator(shown).wait_for()
        seat.press("n").type(text[:40]).press("Escape")
        assert seat.page.evaluate(FOUND) == {"harmed": None, "strangers": 0}
        seat.press("ArrowRight")
    hostile.close()


def test_no_other_host_is_ever_asked(seat: Seat) -> None:
    for place in ("#/home", "#/review", "#/import", "#/settings"):
        seat.go(place)
    seat.press("?", "Escape")
    own = seat.url.split("/")[2]
    assert seat.hosts == {own}


def test_the_policy_of_the_page_is_never_broken(seat: Seat) -> None:
    said: list[str] = []
    seat.page.on("console", lambda message: said.append(message.text))
    for place in ("#/home", "#/import", "#/settings", "#/review"):
        seat.go(place)
        seat.page.reload()
        seat.page.locator(".topbar").wait_for()
    assert not [text for text in said if "Content Security Policy" in text]


def test_without_the_link_nobody_comes_in(
    workspace: Workspace, serve: Callable[..., str], sit: Callable[..., Seat]
) -> None:
    link = serve(workspace)
    seat = sit(link)
    seat.page.goto(seat.url)
    seat.sees("Open the link that hone up printed").field("Link or token").fill("wrong")
    seat.click("Sign in").page.locator(".failure").wait_for()
    seat.field("Link or token").fill(link)
    seat.click("Sign in").page.locator(".topbar").wait_for()
    assert "token" not in seat.page.url


def signed_in(sit: Callable[..., Seat], link: str, name: str, password: str) -> Seat:
    seat = sit(link)
    seat.page.goto(seat.url)
    seat.sees("Sign in with your name.").field("Name").fill(name)
    seat.field("Password").fill(password)
    return seat.click("Sign in")


def test_people_sign_in_with_name_and_password_where_it_is_shared(
    workspace: Workspace, serve: Callable[..., str], sit: Callable[..., Seat]
) -> None:
    add_person(workspace, "bea", "reviewer", "correct horse")
    link = serve(workspace, is_shared=True)
    seat = signed_in(sit, link, "bea", "wrong horse")
    seat.page.locator(".failure").wait_for()
    seat.field("Password").fill("correct horse")
    seat.click("Sign in").page.locator(".topbar").wait_for()
    seat.go("#/review").press("a").stands_at("Pair 2 / 24").is_saved()
    assert workspace.store.journal.by_reviewer("harbour") == {"bea": {"accepted": 1}}
    seat.go("#/settings").sees("Signed in as bea, reviewer.").click("Sign out")
    seat.sees("Sign in with your name.")


def test_nobody_decides_in_the_name_of_who_signed_in_in_another_tab(
    workspace: Workspace, serve: Callable[..., str], sit: Callable[..., Seat]
) -> None:
    for name in ("ann", "bea"):
        add_person(workspace, name, "reviewer", f"password of {name}")
    seat = signed_in(sit, serve(workspace, is_shared=True), "ann", "password of ann")
    seat.page.locator(".topbar").wait_for()
    seat.go("#/review").stands_at("Pair 1 / 24")
    other = Seat(seat.page.context.new_page(), seat.link).go("#/settings").click("Sign out")
    other.field("Name").fill("bea")
    other.field("Password").fill("password of bea")
    other.click("Sign in").page.locator(".topbar").wait_for()
    # A document that is loaded anew, not a change of its address, which the next step would meet.
    with seat.page.expect_event("load"):
        seat.press("a")
    seat.page.locator(".topbar").wait_for()
    seat.go("#/settings").sees("Signed in as bea")
    assert workspace.store.journal.last_seq() == 0
    seat.click("Sign out").field("Name").fill("ann")
    seat.field("Password").fill("password of ann")
    seat.click("Sign in").is_saved()
    assert workspace.store.journal.by_reviewer("harbour") == {"ann": {"accepted": 1}}


def test_a_viewer_looks_and_cannot_decide(
    workspace: Workspace, serve: Callable[..., str], sit: Callable[..., Seat]
) -> None:
    add_person(workspace, "vic", "viewer", "only looking")
    seat = signed_in(sit, serve(workspace, is_shared=True), "vic", "only looking")
    seat.page.locator(".topbar").wait_for()
    seat.go("#/review").press("a").sees("You are signed in as a viewer").stands_at("Pair 1 / 24")
    assert seat.page.locator(".actions").get_by_role("button", name="Accept").is_disabled()
    seat.press("ArrowRight").stands_at("Pair 2 / 24")
    assert workspace.store.journal.last_seq() == 0


def test_a_workspace_that_is_read_only_is_shown_and_says_so(
    workspace: Workspace, serve: Callable[..., str], sit: Callable[..., Seat]
) -> None:
    workspace.close()
    engine = open_engine(workspace.root / STORE_FILE, is_read_only=True)
    store = Store(engine, workspace.root, is_read_only=True)
    with Workspace(workspace.root, workspace.config, store) as shown:
        seat = sit(serve(shown)).open("#/review").stands_at("Pair 1 / 24")
        seat.page.locator(".topbar").get_by_text("Read-only").wait_for()
        seat.press("a").sees("This workspace is read-only").stands_at("Pair 1 / 24")
        seat.press("e", "ArrowRight").stands_at("Pair 2 / 24")
        assert seat.page.locator(".actions").get_by_role("button", name="Accept").is_disabled()
        seat.page.locator(".save-state", has_text="All saved").wait_for()
        for place in ("#/home", "#/import", "#/settings"):
            seat.go(place).page.locator("h1").wait_for()
            assert seat.page.locator(".failure").count() == 0
        seat.page.set_viewport_size({"width": 320, "height": 700})
        assert seat.page.evaluate("() => document.documentElement.scrollWidth") <= 320


def test_the_token_leaves_the_address(seat: Seat) -> None:
    assert "token" not in seat.page.url
    seat.page.reload()
    seat.stands_at("Pair 1 / 24")


def test_a_session_that_ended_asks_to_sign_in_and_keeps_decisions(
    seat: Seat, workspace: Workspace
) -> None:
    cookies = seat.page.context.cookies()
    seat.page.context.clear_cookies()
    seat.press("a").sees("Link or token")
    assert workspace.store.examples.counters("harbour")["accepted"] == 0
    seat.page.context.add_cookies(cookies)  # type: ignore[arg-type]
    seat.page.reload()
    seat.go("#/review").is_saved()
    assert workspace.store.examples.counters("harbour")["accepted"] == 1


def test_history_names_who_is_signed_in_not_who_is_claimed(
    seat: Seat, workspace: Workspace
) -> None:
    seat.press("a").stands_at("Pair 2 / 24").is_saved()
    assert workspace.store.journal.by_reviewer("harbour") == {"ada": {"accepted": 1}}


def test_a_workspace_that_was_closed_is_not_shown_to_another(
    tmp_path: Path, serve: Callable[..., str], sit: Callable[..., Seat]
) -> None:
    """Decisions kept for one workspace are never sent to another one of the same browser."""
    one = samples.make(tmp_path / "one", {"harbour": 6})
    seat = sit(serve(one)).open("#/review").stands_at("Pair 1 / 6")
    seat.page.evaluate(
        "() => localStorage.setItem('hone:op:elsewhere%7Cada:0:0:x', '{\"op_id\": \"x\"}')"
    )
    seat.page.reload()
    seat.stands_at("Pair 1 / 6").press("a").stands_at("Pair 2 / 6")
    seat.page.wait_for_function(
        "() => Object.keys(localStorage).filter((k) => k.startsWith('hone:op:')).length === 1"
    )
    assert one.store.journal.last_seq() == 1
    one.close()
