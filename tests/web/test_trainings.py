"""Trainings over the API: what there is to choose, plans, what is refused, and who may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hone.errors import GateRefused
from hone.loop.training import refuse_dearer
from hone.stages import people
from hone.web.site import Site
from hone.workspace.open import Workspace, init_workspace
from tests.stages.training_set import freeze
from tests.web.browser import Browser, access

RECIPE = {"base": "hone-nano", "dataset": "faith", "lora": {"r": 4}, "training": {"epochs": 1}}

pytestmark = pytest.mark.usefixtures("nobody_works_yet")


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        freeze(workspace, "faith", 24, 4)
        yield workspace


def option(menu: Any, key: str, method: str = "sft") -> Any:
    known = next(one["options"] for one in menu["methods"] if one["name"] == method)
    return next(one for one in [*known, *menu["lora"]] if one["key"] == key)


def test_the_menu_holds_every_method_with_its_options_and_what_is_here(browser: Browser) -> None:
    menu = browser.get("/api/trainings/menu").json()
    names = [one["name"] for one in menu["methods"]]
    assert names[:6] == ["sft", "dpo", "kto", "reward", "grpo", "regression"]
    assert all(one["about"] and one["formats"] for one in menu["methods"])
    rate = option(menu, "training.learning_rate")
    assert (rate["type"], rate["words"], rate["default"]) == ("number", ["auto"], "auto")
    loss = option(menu, "training.loss", "dpo")
    assert (loss["type"], loss["choices"]) == ("choice", ["sigmoid", "ipo", "hinge"])
    packing = option(menu, "training.packing")
    assert packing["choices"] == ["auto", "true", "false"]
    epochs = option(menu, "training.epochs")
    assert (epochs["type"], epochs["least"], epochs["most"]) == ("number", 0.0, 10000.0)
    assert option(menu, "data.max_seq_length")["type"] == "whole"
    assert option(menu, "lora.r")["about"]
    (dataset,) = menu["datasets"]
    assert (dataset["ref"], dataset["rows"], dataset["format"]) == ("faith@1", 24, "sft")
    assert menu["bases"][0]["id"] == "hone-nano" and len(menu["bases"]) > 5
    assert {"qa_lora", "extract_lora"} <= {one["name"] for one in menu["recipes"]}
    assert {one["name"] for one in menu["targets"]} >= {"local", "ssh", "lambda", "runpod"}


def test_every_option_of_the_menu_is_taken_with_its_own_default(browser: Browser) -> None:
    menu = browser.get("/api/trainings/menu").json()
    said: dict[str, Any] = {"training": {}, "data": {}, "lora": {}}
    for one in [*menu["methods"][0]["options"], *menu["lora"]]:
        section, _, name = one["key"].partition(".")
        if one["type"] != "other" and one["default"] is not None:
            said[section][name] = one["default"]
    planned = browser.post("/api/trainings/plan", {"recipe": {**RECIPE, **said}})
    assert planned.status_code == 200, planned.text


def test_a_plan_says_what_it_takes_and_begins_nothing(browser: Browser, ws: Workspace) -> None:
    found = browser.post("/api/trainings/plan", {"recipe": RECIPE}).json()
    plan = found["plan"]
    assert (plan["model"], plan["dataset"], plan["steps"]) == ("faith", "faith@1", 6)
    assert plan["memory_gib"]["low"] < plan["memory_gib"]["high"] and plan["price_usd"] == 0
    assert found["missing"] == [] and ws.store.jobs.list() == []
    # A base that is not here is planned for by its shape, and cannot begin.
    larger = {**RECIPE, "base": "Qwen/Qwen2.5-7B-Instruct"}
    found = browser.post("/api/trainings/plan", {"recipe": larger}).json()
    assert any("is not on this machine" in one for one in found["missing"])
    refused = browser.post("/api/trainings", {"recipe": larger})
    assert refused.status_code == 400 and ws.store.jobs.list() == []


def test_every_problem_of_a_recipe_comes_at_once(browser: Browser, ws: Workspace) -> None:
    wrong = {**RECIPE, "training": {"epochs": "many", "batch_sise": 2}, "lora": {"r": 0}}
    for path in ("/api/trainings/plan", "/api/trainings"):
        refused = browser.post(path, {"recipe": wrong})
        assert refused.status_code == 400
        said = " ".join(refused.json()["problems"])
        assert all(name in said for name in ("training.epochs", "batch_sise", "lora.r"))
    assert browser.post("/api/trainings/plan", {"recipe": {}}).status_code == 400
    assert browser.post("/api/trainings/plan", {"recipe": {"dataset": "no", "base": "x"}}).json()
    assert ws.store.jobs.list() == []


def test_a_training_begins_once_and_the_very_same_is_not_begun_again(
    browser: Browser, ws: Workspace
) -> None:
    begun = browser.post("/api/trainings", {"recipe": RECIPE})
    assert begun.status_code == 200, begun.text
    assert begun.json()["about"] == "faith: sft of hone-nano on faith@1"
    (job,) = ws.store.jobs.list()
    assert job.spec["options"]["training.epochs"] == {"value": 1, "source": "recipe"}


def test_what_may_cost_more_than_was_agreed_to_does_not_begin() -> None:
    refuse_dearer(2.004, 2.0)
    with pytest.raises(GateRefused, match=r"may cost \$2.50, and \$2.00 was agreed to"):
        refuse_dearer(2.5, 2.0)


def test_recipes_to_begin_with_are_shipped_ones_and_no_file_of_the_machine(
    browser: Browser, ws: Workspace
) -> None:
    found = browser.get("/api/trainings/recipe", named="qa_lora").json()
    assert found["base"] == "Qwen/Qwen2.5-7B-Instruct" and found["lora"]["r"] == 16
    for named in (str(ws.root / "hone.yaml"), "../../etc/passwd", "qa_lora.yaml", "faith@v1"):
        assert browser.get("/api/trainings/recipe", named=named).status_code == 404, named


def test_targets_are_asked_and_reviewers_only_look(browser: Browser, ws: Workspace) -> None:
    found = browser.post("/api/trainings/targets/local/check", {}).json()
    assert [one["name"] for one in found] == ["python", "torch"] and found[1]["is_good"]
    assert browser.post("/api/trainings/targets/nowhere/check", {}).status_code == 404
    people.add_person(ws, "vera", "reviewer", "password of vera")
    vera = Browser(Site(ws, access(is_shared=True))).sign_in(
        name="vera", password="password of vera"
    )
    assert vera.get("/api/trainings/menu").status_code == 200
    for path in ("", "/plan"):
        assert vera.post(f"/api/trainings{path}", {"recipe": RECIPE}).status_code == 403
    assert vera.post("/api/trainings/targets/local/check", {}).status_code == 403
