"""What makes a key slow is not there: no waiting for the network, no moving of the page."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from tests.browser import samples
from tests.browser.seat import Seat

SHIFTS = """() => {
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) window.shifts.push(one.value);
  }).observe({ type: "layout-shift", buffered: false });
}"""
PLACES = """() => {
  const shown = document.querySelectorAll('.pane, .actions button, .record-place');
  return [...shown].map((one) => {
    const box = one.getBoundingClientRect();
    return [box.x, box.y, box.height].map(Math.round).join();
  });
}"""


def test_no_request_is_waited_for_between_a_key_and_what_it_shows(seat: Seat) -> None:
    from playwright.sync_api import Error

    held: list[Any] = []
    seat.stands_at("Pair 1 / 24")
    seat.page.route("**/api/**", lambda route: held.append(route))
    seat.press("a").stands_at("Pair 2 / 24").press("r").stands_at("Pair 3 / 24")
    seat.press("e").type(" Held.").press("Control+Enter").stands_at("Pair 4 / 24")
    seat.press("u").stands_at("Pair 3 / 24").press("ArrowRight").stands_at("Pair 4 / 24")
    seat.press("2", "k", "s", "f").stands_at("Pair 8 / 24")
    assert seat.progress == "Reviewed 6 of 24 (18 pending)"
    assert held
    seat.page.unroute("**/api/**")
    for route in held:
        with suppress(Error):  # what the page itself gave up meanwhile
            route.continue_()
    seat.is_saved()


def test_the_next_examples_are_there_before_they_are_needed(tmp_path, serve, sit) -> None:
    ws = samples.make(tmp_path / "long", {"harbour": 150})
    seat = sit(serve(ws)).open("#/review").stands_at("Pair 1 / 150")
    for _ in range(31):
        seat.press("ArrowRight")
    seat.page.wait_for_function("() => document.querySelectorAll('.list-row').length > 60")
    seat.page.route("**/api/**", lambda route: route.abort())
    for _ in range(50):
        seat.press("ArrowRight")
    seat.stands_at("Pair 82 / 150")
    ws.close()


def test_nothing_moves_from_one_example_to_the_next(seat: Seat) -> None:
    seat.stands_at("Pair 1 / 24").page.wait_for_function("() => document.fonts.status === 'loaded'")
    seat.page.evaluate(SHIFTS)
    before = seat.page.evaluate(PLACES)
    for place in range(2, 8):
        seat.press("ArrowRight").stands_at(f"Pair {place} / 24")
        assert seat.page.evaluate(PLACES) == before
    for place in range(8, 12):
        seat.press("a").stands_at(f"Pair {place} / 24")
        assert seat.page.evaluate(PLACES) == before
    assert sum(seat.page.evaluate("window.shifts")) < 0.01


def test_a_screen_is_loaded_when_it_is_first_visited(seat: Seat) -> None:
    asked: list[str] = []
    seat.page.on("request", lambda one: asked.append(one.url))
    seat.go("#/settings").sees("Appearance")
    assert any(url.endswith("/screens/settings.js") for url in asked)
    assert not any(url.endswith("/screens/import.js") for url in asked)
