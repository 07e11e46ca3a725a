"""Beside an example: comparison, training view, look-alikes, statistics."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from hone.loop import Workspace, decide
from hone.records.review import Decision
from hone.stages.audited import audited
from hone.stages.review import accept_all
from hone.workspace.store import Filter
from tests.browser.seat import Seat
from tests.browser.test_access import violations

if TYPE_CHECKING:
    from playwright.sync_api import Route


def test_suggestions_are_compared_word_by_word(seat: Seat) -> None:
    columns = seat.press("ArrowRight", "c").page.locator(".compare-column")
    columns.nth(1).wait_for()
    assert [one.split("\n")[0] for one in columns.all_inner_texts()] == ["import", "harbour@v2"]
    assert columns.nth(0).locator("ins, del").count() == 0
    struck = " ".join(columns.nth(1).locator("del").all_inner_texts())
    assert "fishers" in struck and "crown" not in struck
    for mark, line in (("ins", "underline"), ("del", "line-through")):
        style = (
            columns.nth(1)
            .locator(mark)
            .first.evaluate("one => getComputedStyle(one).textDecorationLine")
        )
        assert style == line


def test_one_is_taken_by_its_number(seat: Seat, workspace: Workspace) -> None:
    seat.press("2").stands_at("Pair 2 / 24").is_saved()
    first = workspace.store.examples.page(Filter(task="harbour"), limit=1).items[0]
    assert (first.status, first.output) == ("accepted", {"answer": "The pier was built in 1908."})


def test_one_is_taken_by_a_click_in_the_comparison(seat: Seat, workspace: Workspace) -> None:
    seat.press("c")
    seat.page.locator(".compare-column").nth(1).get_by_role("button", name="Take").click()
    seat.stands_at("Pair 2 / 24").is_saved()
    first = workspace.store.examples.page(Filter(task="harbour"), limit=1).items[0]
    assert first.output == {"answer": "The pier was built in 1908."}


def test_the_training_view_shows_what_is_learned(seat: Seat) -> None:
    seat.press("t")
    learned = seat.page.locator(".tokens .is-learned")
    learned.first.wait_for()
    text = "".join(learned.all_inner_texts()).replace("·", " ")
    assert "The east pier was built in 1908, after the storm of 1906." in text
    everything = "".join(seat.page.locator(".tokens .token").all_inner_texts()).replace("·", " ")
    assert "When was the east pier built?" in everything


def test_the_training_view_says_what_is_cut_off(seat: Seat) -> None:
    seat.press("t").page.locator(".tokens").wait_for()
    seat.field("Longest sequence").fill("64")
    seat.press("Tab").sees("cut off: training does not see them")
    assert seat.page.locator(".tokens .is-cut").count() > 0


def test_look_alikes_are_decided_together(seat: Seat, workspace: Workspace) -> None:
    seat.press("d")
    rows = seat.page.locator(".similar-row")
    rows.first.wait_for()
    assert "When was the east pier built? (2)" in " ".join(rows.all_inner_texts())
    seat.page.locator(".together input").check()
    chosen = rows.count()
    seat.page.locator(".together").get_by_role("button", name="Reject").click()
    seat.click(f"Reject {chosen}").sees(f"{chosen} rejected")
    assert workspace.store.examples.counters("harbour")["rejected"] == chosen
    seat.page.locator(".toast").get_by_role("button", name="Undo").click()
    seat.sees("Taken back")
    assert seat.progress == "Reviewed 0 of 24 (24 pending)"


def test_a_look_alike_is_opened_by_a_click(seat: Seat) -> None:
    seat.press("d").click("Pending When was the east pier built? (3)")
    seat.page.locator(".source").get_by_text("When was the east pier built? (3)").wait_for()


def test_statistics_tell_how_far_who_and_when(seat: Seat) -> None:
    seat.press("a", "a", "r").stands_at("Pair 4 / 24").is_saved()
    seat.click("Statistics", role="tab")
    table = seat.page.get_by_role("table", name="By reviewer")
    assert "2 accepted, 1 rejected" in table.inner_text()
    assert "3" in seat.page.get_by_role("table", name="Decisions by day").inner_text()


def test_audited_messages_add_up_by_place_and_say_whether_they_are_enough(
    seat: Seat, workspace: Workspace
) -> None:
    seat.go("#/review?task=pickup").stands_at("Message 1 / 20").click("Statistics", role="tab")
    seat.sees("Not ready to train: 0 audited messages, 10 more are needed (10).")
    seat.press(*"aaa").stands_at("Message 4 / 20").is_saved()
    found = audited(workspace, "pickup")
    seat.sees(found.readiness).sees("Pounds by location")
    rows = seat.page.get_by_role("table", name="Pounds by location").get_by_role("row")
    pounds = {
        row.get_by_role("rowheader").inner_text(): row.get_by_role("cell").last.inner_text()
        for row in rows.all()
    }
    assert pounds == {
        place: "–" if one.unknown == one.items else f"{one.pounds:,.0f}"
        for place, one in found.by["location"].items()
    }
    bars = rows.locator(".bar").evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect().width)"
    )
    most, *others = [one.pounds for one in found.by["location"].values()]
    assert all(one / bars[0] == pytest.approx(other / most, abs=0.02)
               for one, other in zip(bars[1:], others, strict=True))  # fmt: skip
    meter = seat.page.get_by_role("progressbar", name=re.compile("3 of the 10 audited"))
    assert meter.get_attribute("aria-valuenow") == "3"


def test_sums_that_were_asked_for_before_a_decision_was_taken_in_are_asked_for_again(
    seat: Seat,
) -> None:
    seat.go("#/review?task=pickup").stands_at("Message 1 / 20").click("Statistics", role="tab")
    seat.sees("Not ready to train: 0 audited messages")
    held: list[Route] = []
    seat.page.route("**/api/reviews?*", lambda route: held.append(route))
    with seat.page.expect_response("**/api/reviews/audited*"):
        seat.press("a").stands_at("Message 2 / 20")
    seat.sees("Not ready to train: 0 audited messages")
    held[0].continue_()
    seat.sees("Not ready to train: 1 audited messages")


def test_a_place_whose_weights_are_all_unknown_does_not_weigh_nothing(
    seat: Seat, workspace: Workspace
) -> None:
    first = workspace.store.examples.page(Filter(task="pickup"), limit=1).items[0]
    cakes = [{"item": "cakes", "quantity": 3, "location": "Attic"}]
    edit = {"op_id": "1", "example_id": first.id, "verdict": "edit", "output": cakes}
    decide(workspace, [Decision.model_validate({**edit, "reviewer": "ada"})])
    seat.go("#/review?task=pickup").click("Statistics", role="tab").sees("Pounds by location")
    row = seat.page.get_by_role("table", name="Pounds by location").get_by_role("row", name="Attic")
    assert row.get_by_role("cell").last.inner_text() == "–"
    assert "1 unknown" in row.inner_text()


@pytest.mark.parametrize("width", [320, 1440])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_was_audited_fits_and_is_accessible(
    seat: Seat, workspace: Workspace, theme: str, width: int
) -> None:
    accept_all(workspace, reviewer="ada", expected_count=20, task="pickup")
    seat.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    seat.page.set_viewport_size({"width": width, "height": 900})
    seat.go("#/review?task=pickup&status=all")
    if width == 320:
        seat.press("c")
    seat.click("Statistics", role="tab").sees("Ready to train: 20 audited messages.")
    assert not violations(seat)
    assert seat.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    panel = seat.page.locator(".inspector")
    assert panel.evaluate("(one) => one.scrollWidth - one.clientWidth") <= 0


def test_the_panel_and_the_list_can_be_put_away(seat: Seat) -> None:
    seat.click("About this example")
    seat.page.locator(".inspector").wait_for(state="hidden")
    seat.page.reload()
    seat.stands_at("Pair 1 / 24")
    assert not seat.page.locator(".inspector").is_visible()
    seat.press("c").page.locator(".compare").wait_for()


def test_on_a_narrow_screen_the_panel_is_a_drawer(seat: Seat) -> None:
    seat.page.set_viewport_size({"width": 360, "height": 740})
    assert not seat.page.locator(".inspector").is_visible()
    seat.press("c").page.locator(".compare").wait_for()
    seat.press("Escape").page.locator(".inspector").wait_for(state="hidden")
    seat.press("a").stands_at("Pair 2 / 24")
