"""WCAG AA: axe finds nothing on any screen, in both themes, wide and narrow."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.seat import Seat

AXE = Path(__file__).parent / "vendor/axe.min.js"
RUN = """async () => {
  const found = await axe.run(document, {
    runOnly: {
      type: "tag",
      values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
  });
  return found.violations.map((one) =>
    `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
}"""
SCREENS = ["#/home", "#/review", "#/review?task=pickup", "#/review?task=uplifting"]
SCREENS += [
    "#/review?task=library",
    "#/evaluate",
    "#/models",
    "#/train",
    "#/jobs",
    "#/import",
    "#/settings",
]


def violations(seat: Seat) -> list[str]:
    """What axe finds in the page as it stands; it runs in an own world, so the policy holds."""
    seat.page.evaluate(AXE.read_text())
    return seat.page.evaluate(RUN)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 320])
def test_every_screen_is_accessible(seat: Seat, theme: str, width: int) -> None:
    seat.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    seat.page.set_viewport_size({"width": width, "height": 900})
    wrong = {}
    for place in SCREENS:
        seat.go(place).page.locator("main h1").first.wait_for(state="attached")
        if found := violations(seat):
            wrong[place] = found
    assert not wrong, wrong


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_dialogs_panels_and_notices_are_accessible(seat: Seat, theme: str) -> None:
    seat.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    wrong = {}
    seat.press("a").stands_at("Pair 2 / 24").press("e").type(" More.").press("Escape")
    for name, keys in {"compare": "c", "training": "t", "similar": "d", "help": "?"}.items():
        seat.press(keys)
        seat.page.locator(".compare, .tokens, .similar-row, dialog").first.wait_for()
        if found := violations(seat):
            wrong[name] = found
    seat.press("Escape").click("Statistics", role="tab").sees("By reviewer")
    seat.click("Filter")
    wrong |= {"statistics": found} if (found := violations(seat)) else {}
    seat.click("Accept All").sees("Accept 23 pairs?")
    wrong |= {"question": found} if (found := violations(seat)) else {}
    assert not wrong


def test_the_sign_in_is_accessible(seat: Seat) -> None:
    seat.page.context.clear_cookies()
    seat.page.reload()
    seat.sees("Link or token")
    assert not violations(seat)


@pytest.mark.parametrize("width", [320, 768, 1024, 1440, 1920])
def test_nothing_is_wider_than_the_screen(seat: Seat, width: int) -> None:
    seat.page.set_viewport_size({"width": width, "height": 800})
    for place in SCREENS:
        seat.go(place).page.locator("main h1").first.wait_for(state="attached")
        wide = seat.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{place} is {wide} pixels too wide at {width}"


def test_the_skip_link_leads_to_the_content(seat: Seat) -> None:
    seat.page.reload()
    seat.stands_at("Pair 1 / 24").press("Tab")
    assert seat.page.evaluate("document.activeElement.innerText") == "Skip to the content"
    seat.press("Enter")
    assert seat.page.evaluate("document.activeElement.id") == "main"


def test_every_screen_has_one_heading_of_the_first_order(seat: Seat) -> None:
    for place in SCREENS:
        seat.go(place).page.locator("main h1").first.wait_for(state="attached")
        assert seat.page.locator("h1").count() == 1, place


def test_a_decision_is_said_to_screen_readers(seat: Seat) -> None:
    said = seat.page.locator(".visually-hidden[role=status]")
    seat.press("a")
    said.get_by_text("Accepted: When was the east pier built?").wait_for(state="attached")
    seat.press("u")
    said.get_by_text("Taken back. It is pending now.").wait_for(state="attached")


def test_buttons_name_their_keys(seat: Seat) -> None:
    keys = seat.page.locator(".actions button").evaluate_all(
        "all => all.map((one) => one.getAttribute('aria-keyshortcuts'))"
    )
    assert keys == ["ArrowLeft", "A", "R", "E", "ArrowRight", "S", "F", "K", "N", "U", "Y"]


def test_the_bar_fits_into_every_width(seat: Seat) -> None:
    beyond = (
        "() => [...document.querySelectorAll('.topbar > *, .nav a')]"
        ".filter((one) => one.getBoundingClientRect().right > innerWidth)"
        ".map((one) => one.className)"
    )
    for width in (320, 360, 400, 719, 720, 768, 860, 899, 900, 960, 1024, 1099, 1100, 1280):
        seat.page.set_viewport_size({"width": width, "height": 800})
        assert seat.drawn().page.evaluate(beyond) == [], width
