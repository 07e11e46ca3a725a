"""Settings: themes, keys, the session file, hone.yaml."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hone.loop import Workspace
from tests.browser.seat import Seat

if TYPE_CHECKING:
    from playwright.sync_api import Route


def theme(seat: Seat) -> str:
    return str(seat.page.evaluate("document.documentElement.dataset.theme"))


def test_the_theme_follows_the_system_until_one_is_chosen(seat: Seat) -> None:
    assert theme(seat) == "light"
    seat.page.emulate_media(color_scheme="dark")
    seat.page.wait_for_function("() => document.documentElement.dataset.theme === 'dark'")
    seat.go("#/settings").page.get_by_text("Light", exact=True).click()
    assert theme(seat) == "light"
    seat.page.reload()
    seat.page.locator(".topbar").wait_for()
    assert theme(seat) == "light"


def test_the_theme_is_switched_from_every_screen(seat: Seat) -> None:
    seat.click("Theme: auto").click("Theme: light")
    assert theme(seat) == "dark"


@pytest.mark.parametrize("chosen", ["dark", "light"])
def test_the_theme_stands_before_the_first_paint(seat: Seat, chosen: str) -> None:
    seat.page.evaluate("name => localStorage.setItem('hone:choice:theme', name)", chosen)
    seat.page.add_init_script(
        "addEventListener('DOMContentLoaded', () => {"
        "  window.first = document.documentElement.dataset.theme; })"
    )
    seat.page.reload()
    seat.page.locator(".topbar").wait_for()
    assert seat.page.evaluate("window.first") == chosen


def test_another_key_is_given_to_an_action(seat: Seat) -> None:
    seat.go("#/settings").click("Accept: A. Change").press("x")
    seat.named("Accept: X. Change").wait_for()
    seat.go("#/review").press("a").stands_at("Pair 1 / 24").press("x").stands_at("Pair 2 / 24")
    assert (
        seat.page.locator(".actions")
        .get_by_role("button", name="Accept")
        .inner_text()
        .endswith("X")
    )
    seat.page.reload()
    seat.stands_at("Pair 1 / 23").press("x").stands_at("Pair 2 / 23")
    seat.go("#/settings").click("The usual keys").named("Accept: A. Change").wait_for()


def test_a_key_that_is_taken_is_refused(seat: Seat) -> None:
    seat.go("#/settings").click("Accept: A. Change").press("r").sees("R is taken by “Reject”.")
    seat.named("Accept: A. Change").wait_for()


def test_single_keys_can_be_switched_off(seat: Seat) -> None:
    seat.go("#/settings").page.get_by_role("switch", name="Single keys decide").uncheck()
    seat.go("#/review").stands_at("Pair 1 / 24").press("a", "r", "?", "1").stands_at("Pair 1 / 24")
    seat.press("ArrowRight").stands_at("Pair 2 / 24")
    assert seat.page.locator(".actions kbd").count() == 0
    seat.page.locator(".actions").get_by_role("button", name="Accept").click()
    seat.stands_at("Pair 3 / 24")


def test_a_held_key_may_repeat_where_it_is_wished(seat: Seat) -> None:
    seat.go("#/settings").page.get_by_role("switch", name="Holding accept").check()
    seat.go("#/review").stands_at("Pair 1 / 24")
    for _ in range(4):
        seat.page.keyboard.down("a")
    seat.page.keyboard.up("a")
    seat.stands_at("Pair 5 / 24")


def test_the_help_lists_the_keys_and_gives_the_focus_back(seat: Seat) -> None:
    seat.named("Accept", role="button").nth(1).focus()
    seat.press("?")
    shown = seat.page.get_by_role("dialog", name="Keys")
    shown.wait_for()
    for text in ("Accept", "Reject", "Previous", "Undo", "Search", "Take a suggestion"):
        assert text in shown.inner_text()
    seat.press("a", "Escape")
    shown.wait_for(state="hidden")
    assert "Accept" in str(seat.page.evaluate("document.activeElement.innerText"))
    seat.stands_at("Pair 1 / 24")


def test_a_session_is_saved_with_ctrl_s_and_loaded_again(
    seat: Seat, workspace: Workspace, tmp_path: Path
) -> None:
    seat.press("a", "r").stands_at("Pair 3 / 24")
    with seat.page.expect_download() as waiting:
        seat.press("Control+s")
    kept = tmp_path / "session.json"
    waiting.value.save_as(kept)
    session = json.loads(kept.read_text())
    assert [one["status"] for one in session["items"][:3]] == ["accepted", "rejected", "pending"]
    seat.press("u", "u").is_saved()
    assert workspace.store.examples.counters("harbour")["pending"] == 24
    seat.go("#/settings").page.locator(".settings input[type=file]").set_input_files(kept)
    seat.sees("Loaded 24 items: 0 new, 24 already here, 2 decided").stands_at("Pair 3 / 24")
    assert workspace.store.examples.counters("harbour")["pending"] == 22


def test_a_setting_of_the_workspace_is_changed(seat: Seat, workspace: Workspace) -> None:
    seat.go("#/settings").field("budget.per_job_usd").fill("25")
    seat.press("Tab").sees("budget.per_job_usd is saved.")
    assert "per_job_usd: 25" in (workspace.root / "hone.yaml").read_text()
    seat.field("budget.per_job_usd").fill("much")
    seat.press("Tab").page.locator(".toast.tone-bad").wait_for()
    assert "per_job_usd: 25" in (workspace.root / "hone.yaml").read_text()


def test_what_is_typed_outlives_settings_that_arrive_late(seat: Seat) -> None:
    seat.go("#/settings").field("budget.per_job_usd").wait_for()
    looks: list[Route] = []
    seat.page.route("**/api/settings", lambda route: looks.append(route))
    seat.field("budget.per_job_usd").fill("25")
    with seat.page.expect_request("**/api/settings"):
        seat.press("Tab").sees("budget.per_job_usd is saved.")
    seat.field("budget.per_job_usd").fill("30")
    with seat.page.expect_response("**/api/settings"):
        looks[0].continue_()
    assert seat.drawn().field("budget.per_job_usd").input_value() == "30"
    seat.page.unroute("**/api/settings")
    seat.press("Tab").page.get_by_text("budget.per_job_usd is saved.").nth(1).wait_for()
    assert seat.drawn().field("budget.per_job_usd").input_value() == "30"
