"""Evaluate and Models in the browser: by the keyboard, at every width, in both themes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hone.loop import Workspace, open_workspace
from tests.browser.seat import Seat
from tests.browser.test_access import violations
from tests.stages.compare.planted import answer, make_planted


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("planted") / "ws"
    with make_planted(root) as ws:
        answer(ws, "pickup@v1", rows=["tuned"])
        answer(ws, "pickup@v2", further=["pickup@v1"])
    return root


@pytest.fixture
def ws(planted: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(planted, tmp_path / "ws")
    with open_workspace(tmp_path / "ws") as workspace:
        yield workspace


@pytest.fixture
def looking(ws: Workspace, serve: Callable[..., str], sit: Callable[..., Seat]) -> Seat:
    seat = sit(serve(ws)).open("#/evaluate")
    seat.page.locator(".scored-row").first.wait_for()
    return seat


def detail(seat: Seat) -> str:
    return seat.page.locator(".scored-detail").inner_text()


def test_the_worst_come_first_and_arrows_walk_through_them(looking: Seat) -> None:
    looking.sees("Who answered")
    looking.page.locator(".evaluate-choices [role=status]", has_text="100 examples").wait_for()
    looking.page.locator(".scored").focus()
    first = detail(looking)
    assert "0.00 poor" in first and "Expected" in first
    looking.press("ArrowDown", "ArrowDown")
    looking.page.locator("#scored-2.is-current").wait_for()
    assert detail(looking) != first
    looking.press("End")
    looking.page.locator("#scored-99.is-current").wait_for()
    looking.page.locator(".scored-detail", has_text="1.00 good").wait_for()
    looking.press("Home")
    looking.page.locator("#scored-0.is-current").wait_for()
    assert detail(looking) == first


def test_a_band_narrows_the_table_and_the_address_keeps_it(looking: Seat) -> None:
    looking.click("good")
    looking.page.wait_for_function("() => location.hash.includes('band=green')")
    looking.page.locator(".scored-row").first.wait_for()
    assert "good" in looking.page.locator(".scored-row").first.inner_text()
    looking.page.reload()
    looking.page.locator(".scored-row").first.wait_for()
    assert looking.named("good").get_attribute("aria-pressed") == "true"


def test_another_contender_and_the_order_against_it(looking: Seat) -> None:
    looking.click("rules")
    looking.sees("How the scores of rules are spread")
    looking.field("Order").select_option("lost")
    looking.field("Against").select_option("base")
    looking.page.wait_for_function("() => location.hash.includes('order=lost')")
    looking.page.locator(".scored-row").first.wait_for()
    assert looking.page.locator(".scored-part h3").nth(2).inner_text().startswith("rules")


def test_an_example_opens_in_the_review(looking: Seat) -> None:
    looking.page.locator(".scored-row").first.click()
    asked = looking.page.locator(".scored-part .record-text").first.inner_text()
    looking.page.locator(".scored-detail").get_by_role("link").click()
    looking.page.locator(".pane.answer").wait_for()
    assert asked in looking.page.locator(".source .record-text").first.inner_text()


def test_versions_are_compared_in_pairs(looking: Seat) -> None:
    looking.named("Compare", role="tab").click()
    looking.sees("pickup@v2 is better than pickup@v1 by")
    looking.page.locator(".comparison details summary").first.click()
    looking.page.locator(".ids a").first.wait_for()
    looking.page.get_by_label("pickup@v1").uncheck()
    looking.page.locator(".findings").wait_for(state="detached")


def test_a_version_is_made_the_one_that_answers(looking: Seat, ws: Workspace) -> None:
    looking.go("#/models").sees("It is active.")
    looking.page.locator(".version-row", has_text="v2").click()
    looking.sees("pickup@v2 passes the one rule against pickup@v1.")
    looking.click("Let it answer").sees("pickup@v2 answers from now on.")
    looking.page.locator(".version-row", has_text="v2").locator(".status-accepted").wait_for()
    found = ws.store.models.active("pickup")
    assert found is not None and found.model.ref == "pickup@v2"


def test_past_the_gate_a_reason_is_asked_for(looking: Seat, ws: Workspace) -> None:
    looking.go("#/models").page.locator(".version-row", has_text="v4").click()
    looking.sees("not measured: pickup@v4").click("Let it answer all the same…")
    confirm = looking.named("Let pickup@v4 answer")
    assert confirm.is_disabled()
    looking.field("Why").fill("for the fair")
    confirm.click()
    looking.sees("pickup@v4 answers from now on.")
    assert "for the fair; forced" in ws.store.models.activations("pickup")[-1].note


@pytest.mark.parametrize("width", [320, 1440])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_wider_than_the_window_and_axe_finds_nothing(
    ws: Workspace,
    serve: Callable[..., str],
    sit: Callable[..., Seat],
    width: int,
    theme: str,
) -> None:
    seat = sit(serve(ws), viewport={"width": width, "height": 800}, color_scheme=theme).open()
    for place, shown in (("#/evaluate", ".scored-row"), ("#/models", ".gate")):
        seat.go(place).page.locator(shown).first.wait_for()
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert seat.page.evaluate(wide) <= 0, place
        assert violations(seat) == [], place


def test_without_an_evaluation_or_a_model_the_way_to_one_is_told(seat: Seat) -> None:
    seat.go("#/evaluate").sees("Nothing was evaluated yet").sees("hone evaluate MODEL")
    seat.go("#/models").sees("No model yet")
