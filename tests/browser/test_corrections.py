"""Corrections in the browser: what waits, what a version of them changed, and what they did."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hone import loop
from hone.loop import Workspace, open_workspace
from hone.records.correction_round import RoundWork
from hone.stages.flags import Saying, find_flags, resolve
from tests.browser.seat import Seat
from tests.browser.test_access import violations
from tests.stages.answering import register
from tests.stages.flags.flagged import answer, by_version, make_flagged, wrong_on

if TYPE_CHECKING:
    from playwright.sync_api import Route

CORRECTED = 12


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("corrected") / "ws"
    with make_flagged(root, count=200) as ws:
        answer(ws, "pickup@v1", wrong_on(2))
        for place, flag in enumerate(find_flags(ws).flags[:CORRECTED]):
            edit = Saying("edit", "ben", [{"item": "rye", "quantity": place}])
            resolve(ws, flag, edit if place < 5 else Saying("confirm", "ann"))
    return root


@pytest.fixture
def ws(corrected: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(corrected, tmp_path / "ws")
    with open_workspace(tmp_path / "ws") as workspace:
        yield workspace


@pytest.fixture
def looking(
    ws: Workspace, serve: Callable[..., str], sit: Callable[..., Seat]
) -> Callable[[], Seat]:
    def look() -> Seat:
        seat = sit(serve(ws)).open("#/evaluate")
        seat.named("Corrections", role="tab").click()
        return seat

    return look


def fits(seat: Seat) -> None:
    for width in (320, 1440):
        seat.page.set_viewport_size({"width": width, "height": 900})
        for theme in ("light", "dark"):
            seat.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert seat.page.evaluate(wide) <= 0
            assert violations(seat) == []


def test_corrections_wait_and_one_click_puts_them_into_the_next_version(
    ws: Workspace, looking: Callable[[], Seat]
) -> None:
    seat = looking().sees("In no version yet: 7 confirmed, 5 corrected")
    seat.click("Add corrections").sees(f"pickup@2 was made for {CORRECTED} corrections")
    seat.sees("12 from probe to train")
    made = ws.store.datasets.get("pickup@2")
    assert len(made.options["feedback"]["corrections"]) == CORRECTED
    # Nobody knows how this version was trained: a command says how to go on.
    seat.sees("hone train RECIPE --set dataset=pickup@2 --confirm-run")
    fits(seat)
    seat.page.reload()
    seat.sees("pickup@2 was made for")
    assert not seat.named("Add corrections").is_visible()


def test_a_version_that_was_trained_is_measured_and_both_columns_stand_beside_the_control(
    ws: Workspace, looking: Callable[[], Seat]
) -> None:
    applied = loop.apply_feedback(ws)
    register(ws, dataset=applied.dataset)
    plan = by_version({"pickup@v1": wrong_on(2), "pickup@v2": wrong_on(9)})
    placed = ws.store.placements.among(applied.dataset, ws.store.flags.standing())
    trained = sorted(id for id, member in placed.items() if member.split == "train")
    for split, only in (("train", trained), ("probe", None), ("test", None)):
        answer(
            ws, "pickup@v2", plan, on=f"{applied.dataset}/{split}", only=only,
            further=["pickup@v1"], includes_trained=only is not None,
        )  # fmt: skip
    seat = looking().sees("pickup@v2 trained on pickup@2.")
    # Nothing but corrections changed: the version before is the control.
    seat.sees("pickup@v1 is the control")
    seat.click("Measure").sees("look-alikes (generalised)").sees("after − control")
    seat.sees("fixed").sees("reports/efficacy_pickup@v2_")
    (written,) = ws.reports.glob("efficacy_pickup@v2_*.md")
    assert "What corrections did" in written.read_text()
    fits(seat)


def test_a_training_that_is_being_registered_is_waited_for(
    ws: Workspace, looking: Callable[[], Seat]
) -> None:
    applied = loop.apply_feedback(ws)
    ended = loop.look_at_round(ws)
    ended.trainings = [
        RoundWork(job="train-1", model="pickup", dataset=applied.dataset, state="succeeded")
    ]
    looks: list[Route] = []

    def answer_as_ended(route: Route) -> None:
        looks.append(route)
        if len(looks) > 1:
            register(ws, dataset=applied.dataset)
            route.continue_()
        else:
            route.fulfill(json=ended.model_dump(mode="json"))

    seat = looking()
    seat.sees("2. Retrain").page.route("**/api/feedback", answer_as_ended)
    seat.named("Examples", role="tab").click()
    seat.named("Corrections", role="tab").click()
    seat.sees("pickup trains").named("Retrain…").wait_for(state="detached")
    seat.sees("pickup@v2 trained on pickup@2.").named("Measure").wait_for()
    assert len(looks) > 1


def test_where_nothing_was_corrected_it_says_what_to_do(
    tmp_path: Path, serve: Callable[..., str], sit: Callable[..., Seat]
) -> None:
    with make_flagged(tmp_path / "ws", count=40) as ws:
        answer(ws, "pickup@v1", wrong_on(2))
        seat = sit(serve(ws)).open("#/evaluate")
        seat.named("Corrections", role="tab").click()
        seat.sees("Nothing was corrected yet")
        assert violations(seat) == []
