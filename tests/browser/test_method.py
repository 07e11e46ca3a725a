"""The switch between what the rules found and what the active model found."""

from __future__ import annotations

import json
from collections.abc import Callable

import yaml

from hone.loop import Workspace
from hone.stages.predict import ahead_task, collect_ahead, predict_ahead
from tests.browser.seat import Seat
from tests.stages.answering import RULES, Answers, register, write_base
from tests.targets.here import Here

RULES_FOUND = [{"item": "romaine", "quantity": 12, "unit": "cases"}]
MODEL_FOUND = [{"item": "romaine", "quantity": 10, "unit": "cases", "location": "shelter"}]


def prepare(ws: Workspace, *, has_model: bool) -> None:
    file = next(one for one in (ws.root / "tasks").glob("*.yaml") if "extract" in one.read_text())
    task = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump({**task, "rules": "rules/pickup.yaml"}))
    (ws.root / "rules").mkdir(exist_ok=True)
    (ws.root / "rules" / "pickup.yaml").write_text(RULES)
    if has_model:
        write_base(ws.root / "small")
        ws.store.models.set_active(register(ws, dataset=None))


def fill(ws: Workspace) -> None:
    def answer(contender: str, example: object) -> str:
        return json.dumps(RULES_FOUND if contender == "rules" else MODEL_FOUND)

    predict_ahead(ws, ahead_task(ws, "pickup"), target=Here(Answers(answer)))
    collect_ahead(ws)


def test_switching_shows_each_and_both_with_what_differs_and_asks_nobody(
    workspace: Workspace, serve: Callable[..., str], sit: Callable[..., Seat]
) -> None:
    prepare(workspace, has_model=True)
    fill(workspace)
    seat = sit(serve(workspace)).open("#/review?task=pickup")
    columns = seat.page.locator(".method-column")
    columns.get_by_text("12").first.wait_for()
    seat.page.wait_for_load_state("networkidle")
    seat.page.wait_for_timeout(300)
    asked: list[str] = []
    seat.page.on("request", lambda one: asked.append(one.url))
    seat.click("PEFT model")
    columns.get_by_text("pickup@v1").wait_for()
    assert columns.count() == 1 and "shelter" in columns.inner_text()
    seat.click("Compare both").drawn()
    assert columns.count() == 2
    different = seat.page.locator(".method-column[data-way=model] .is-different dt")
    assert sorted(different.all_inner_texts()) == ["location", "quantity"]
    seat.click("Regex parser").drawn()
    assert columns.count() == 1 and "12" in columns.inner_text()
    assert not [one for one in asked if "/api/" in one]


def test_without_an_active_version_the_model_cannot_be_chosen_and_it_is_said_why(
    workspace: Workspace, serve: Callable[..., str], sit: Callable[..., Seat]
) -> None:
    prepare(workspace, has_model=False)
    seat = sit(serve(workspace)).open("#/review?task=pickup").sees("No model is active")
    for name in ("PEFT model", "Compare both"):
        assert seat.named(name).is_disabled()
    assert seat.named("Regex parser").is_enabled()


def test_before_all_are_predicted_the_model_waits_and_it_is_said_how_far_it_is(
    workspace: Workspace, serve: Callable[..., str], sit: Callable[..., Seat]
) -> None:
    prepare(workspace, has_model=True)
    seat = sit(serve(workspace)).open("#/review?task=pickup").sees("messages are predicted")
    assert seat.named("PEFT model").is_disabled()
    fill(workspace)
    seat.page.reload()
    seat.page.locator(".method-choices button:enabled").nth(2).wait_for()
