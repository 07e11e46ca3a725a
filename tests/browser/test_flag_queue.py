"""The flag queue in the browser: correct, save and go on, skip, take back, promote."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hone.loop import Workspace, open_workspace
from hone.stages.flags import find_flags
from tests.browser.seat import Seat
from tests.browser.test_access import violations
from tests.stages.flags.flagged import answer, make_flagged, wrong_on


@pytest.fixture(scope="module")
def flagged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("flagged") / "ws"
    with make_flagged(root) as ws:
        answer(ws, "pickup@v1", wrong_on(5), on="pickup@1/test")
        answer(ws, "pickup@v1", wrong_on(3))
    return root


@pytest.fixture
def ws(flagged: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(flagged, tmp_path / "ws")
    with open_workspace(tmp_path / "ws") as workspace:
        yield workspace


@pytest.fixture
def queue(ws: Workspace, serve: Callable[..., str], sit: Callable[..., Seat]) -> Seat:
    seat = sit(serve(ws)).open("#/evaluate")
    seat.named("Flagged for review", role="tab").click()
    seat.page.locator(".flag-opened").wait_for()
    seat.page.evaluate("document.activeElement.blur()")  # arrows on a tab change tabs
    return seat


def opened(seat: Seat) -> str:
    return seat.page.locator(".flag-opened .scored-part .record-text").first.inner_text()


def ready(seat: Seat, left: int) -> Seat:
    """Waits until so many are left and the open one can be spoken of."""
    seat.sees(f"{left} to look at")
    seat.page.locator(".flag-correct .button:not([disabled])", has_text="Skip").wait_for()
    return seat


def current(seat: Seat) -> int:
    rows = seat.page.locator(".flag-row")
    marked = [rows.nth(n).get_attribute("aria-current") == "true" for n in range(rows.count())]
    return marked.index(True)


def test_a_corrected_answer_is_saved_and_the_next_flag_opens(queue: Seat, ws: Workspace) -> None:
    left = len(find_flags(ws).flags)
    first = find_flags(ws).flags[0]
    queue.sees(f"{left} to look at, 0 resolved")
    asked = opened(queue)
    queue.field("item (needed)").fill("rye bread")
    queue.field("Reviewer notes").fill("the label was too short")
    queue.click("Save & Next").sees("Corrected.").sees(f"{left - 1} to look at, 1 resolved")
    queue.page.wait_for_function(
        "(text) => document.querySelector('.flag-opened .record-text')?.textContent !== text",
        arg=asked,
    )
    example = ws.store.examples.get(first.id)
    assert (example.status, example.note) == ("edited", "the label was too short")
    assert example.output[0]["item"] == "rye bread"


def test_keys_alone_confirm_skip_and_walk(queue: Seat, ws: Workspace) -> None:
    first, second, third = (one.id for one in find_flags(ws).flags[:3])
    queue.press("Control+Enter").sees("The expected answer stands.")
    assert ws.store.examples.get(first).status == "accepted"
    ready(queue, len(find_flags(ws).flags)).press("s").sees("Later.")
    queue.page.locator(".flag-row", has_text="skipped").wait_for()
    assert find_flags(ws).flags[0].id == third and find_flags(ws).flags[-1].id == second
    ready(queue, len(find_flags(ws).flags)).press("ArrowRight")
    queue.page.wait_for_function(
        "() => document.querySelectorAll('.flag-row')[1].getAttribute('aria-current') === 'true'"
    )
    queue.press("ArrowLeft")
    queue.page.wait_for_function(
        "() => document.querySelectorAll('.flag-row')[0].getAttribute('aria-current') === 'true'"
    )
    assert current(queue) == 0


def test_the_reference_is_wrong_and_that_is_taken_back(queue: Seat, ws: Workspace) -> None:
    flag = find_flags(ws).flags[0]
    queue.click("The reference is wrong").sees("The model's answer is the expected one now.")
    assert ws.store.examples.get(flag.id).output == [{"item": "bread"}]
    queue.click("Take back").sees("0 resolved")
    assert find_flags(ws).flags[0].id == flag.id
    queue.page.locator(".flag-opened summary", has_text="What was said of it").click()
    queue.sees("Taken back.")


def test_test_examples_are_shown_apart_and_leave_only_for_ever(queue: Seat, ws: Workspace) -> None:
    held = find_flags(ws, is_tested=True).flags
    queue.page.get_by_role("switch").check()
    queue.sees("Correcting these would teach the test.")
    queue.page.locator(".flag-opened").wait_for()
    assert not queue.page.get_by_role("button", name="Save & Next").is_visible()
    queue.click("Take it out of every test…")
    assert queue.page.locator("dialog").get_by_role("button", name="Take it out").is_disabled()
    queue.field("Why").fill("the label was wrong from the start")
    queue.page.locator("dialog").get_by_role("button", name="Take it out").click()
    queue.sees("left every test. pickup@2")
    assert held[0].id in ws.store.promotions.ids()


@pytest.mark.parametrize("width", [320, 1440])
def test_the_queue_is_accessible_and_fits(queue: Seat, width: int) -> None:
    queue.page.set_viewport_size({"width": width, "height": 900})
    for theme in ("light", "dark"):
        queue.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert queue.page.evaluate(wide) <= 0
        assert violations(queue) == []


def test_an_empty_queue_says_what_comes_of_the_corrections(queue: Seat, ws: Workspace) -> None:
    for left in range(len(find_flags(ws).flags), 0, -1):
        ready(queue, left).press("Control+Enter")
    queue.sees("Nothing is flagged").click("Add corrections and retrain")
    queue.sees("In no version yet:")
