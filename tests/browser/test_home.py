"""Home says where the loop stands and what to do next, and follows what happens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hone.loop import Workspace, init_workspace, open_workspace
from tests.browser.seat import Seat


def test_home_counts_and_leads_to_the_review(seat: Seat) -> None:
    seat.go("#/home").sees("Reviewed 0 of 56 (56 pending)")
    seat.page.locator(".step").first.get_by_role("link").click()
    seat.stands_at("Pair 1 / 24")


def test_home_follows_what_is_decided_elsewhere(seat: Seat) -> None:
    other = Seat(seat.page.context.new_page(), seat.link).go("#/review")
    seat.go("#/home").sees("Reviewed 0 of 56 (56 pending)")
    other.press("a").is_saved()
    seat.sees("Reviewed 1 of 56 (55 pending)")


def test_a_command_is_copied(seat: Seat) -> None:
    seat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    seat.go("#/home").page.locator(".command").first.wait_for()
    command = seat.page.locator(".command code").first.inner_text()
    assert command.startswith("hone ")
    seat.page.locator(".command button").first.click()
    seat.page.locator(".command button.is-done").wait_for()
    assert seat.page.evaluate("navigator.clipboard.readText()") == command


def test_an_empty_workspace_begins_with_an_import(
    tmp_path: Path, serve: Callable[..., str], sit: Callable[..., Seat]
) -> None:
    init_workspace(tmp_path / "new", template="qa").close()
    ws: Workspace = open_workspace(tmp_path / "new")
    seat = sit(serve(ws)).open().sees("Reviewed 0 of 0 (0 pending)")
    seat.page.locator(".step").first.get_by_role("link").click()
    seat.sees("Drop a file here")
    ws.close()


def test_screens_are_reached_by_the_navigation(seat: Seat) -> None:
    for name, heading in (
        ("Import", "Import"),
        ("Settings", "Settings"),
        ("Home", "harbour-review"),
    ):
        seat.page.get_by_role("navigation", name="Screens").get_by_role("link", name=name).click()
        seat.page.get_by_role("heading", name=heading, level=1).wait_for()
        # The heading may stand there a moment before: the screen's code is on its way.
        seat.page.wait_for_function("(name) => document.title.startsWith(name)", arg=name)
    seat.page.go_back()
    seat.page.get_by_role("heading", name="Settings", level=1).wait_for()


def test_the_navigation_leads_back_to_where_one_was(seat: Seat) -> None:
    seat.go("#/review?task=pickup").stands_at("Message 1 / 20").press("ArrowRight", "ArrowRight")
    # At once: the address may not yet say where one stands.
    seat.stands_at("Message 3 / 20")
    links = seat.page.get_by_role("navigation", name="Screens")
    links.get_by_role("link", name="Home").click()
    seat.sees("What to do next")
    links.get_by_role("link", name="Review").click()
    seat.stands_at("Message 3 / 20")
