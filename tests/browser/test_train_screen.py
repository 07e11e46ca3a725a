"""The screen Train: a form from the shelves, a plan, the question, and a training that begins."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hone.loop import Workspace, init_workspace
from hone.stages import jobs
from tests.browser.seat import Seat
from tests.browser.test_access import violations
from tests.stages.answering import register
from tests.stages.training_set import freeze

RUNS_MS = 120_000


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        freeze(workspace, "faith", 24, 4)
        yield workspace
        for one in jobs.list_jobs(workspace):
            if one.state in ("waiting", "running"):
                jobs.stop(workspace, one.id)


@pytest.fixture
def looking(ws: Workspace, serve: Callable[..., str], sit: Callable[..., Seat]) -> Seat:
    seat = sit(serve(ws)).open("#/train")
    seat.named("Start Training").wait_for()
    return seat


def test_a_training_is_planned_confirmed_begun_and_watched(ws: Workspace, looking: Seat) -> None:
    assert looking.field("Base model").input_value() == "hone-nano"
    looking.field("Epochs").fill("1")
    looking.field("LoRA rank").fill("4")
    looking.field("Learning rate").fill("0.003")
    looking.click("Plan").sees("faith: sft of hone-nano").sees("it runs on a machine of yours")
    looking.click("Start Training")
    asked = looking.page.locator("dialog")
    asked.get_by_text("Train faith?").wait_for()
    asked.get_by_role("button", name="Start Training").click()
    looking.page.wait_for_url(re.compile("#/jobs"))
    looking.sees("faith: sft of hone-nano on faith@1")
    looking.page.get_by_role("link", name="faith@v1").wait_for(timeout=RUNS_MS)
    (model,) = ws.store.models.list()
    (job,) = jobs.list_jobs(ws)
    options = ws.store.jobs.get(job.id).spec["options"]
    assert model.model.job == job.id and job.state == "succeeded"
    assert [options[key]["value"] for key in ("training.epochs", "lora.r")] == [1, 4]
    # The way it was trained is one to begin with.
    looking.go("#/train").page.get_by_label("Begin with").select_option("faith@v1")
    looking.page.wait_for_function(
        "() => [...document.querySelectorAll('input')].some((one) => one.value === '0.003')"
    )
    assert looking.field("LoRA rank").input_value() == "4"


def test_every_problem_is_said_and_nothing_begins(ws: Workspace, looking: Seat) -> None:
    looking.field("Epochs").fill("many")
    looking.field("Batch size").fill("0")
    looking.click("Start Training").sees("training.epochs").sees("training.batch_size")
    assert not looking.page.locator("dialog").is_visible() and jobs.list_jobs(ws) == []
    looking.field("Epochs").fill("")
    looking.field("Batch size").fill("")
    looking.page.get_by_text("preference optimisation").first.click()
    looking.sees("dpo trains on dpo, and faith@1 is sft")
    assert looking.named("Start Training").is_disabled()


def test_what_is_wrong_stands_beside_its_field_and_is_brought_into_view(looking: Seat) -> None:
    field = looking.field("Learning rate")
    field.fill("abc")
    looking.page.evaluate("scrollTo(0, 0)")
    looking.click("Start Training")
    refused = looking.page.locator(".failure[role=alert]")
    refused.wait_for()
    looking.page.wait_for_function(
        "() => { const at = document.querySelector('.failure').getBoundingClientRect();"
        " return at.top >= 0 && at.bottom <= innerHeight; }"
    )
    assert field.get_attribute("aria-invalid") == "true"
    told = looking.page.locator(f"[id='{field.get_attribute('aria-describedby')}']").inner_text()
    assert "should be a valid number" in told and "training." not in told
    assert violations(looking) == []


def test_recipes_fill_the_form_and_the_form_leaves_as_a_file(looking: Seat, tmp_path: Path) -> None:
    looking.page.get_by_label("Begin with").select_option("qa_lora")
    looking.page.wait_for_function(
        "() => [...document.querySelectorAll('input')].some((one) => one.value === '2048')"
    )
    fields = {
        "Learning rate": "0.00002", "Epochs": "3", "Batch size": "4", "LoRA rank": "16",
        "LoRA alpha": "32", "Max sequence length": "2048",
        "Base model": "Qwen/Qwen2.5-7B-Instruct",
    }  # fmt: skip
    for label, value in fields.items():
        assert looking.field(label).input_value() == value, label
    looking.click("Plan").sees("the base Qwen/Qwen2.5-7B-Instruct is not on this machine")
    with looking.page.expect_download() as waited:
        looking.click("Export Config")
    waited.value.save_as(tmp_path / "recipe.json")
    found = json.loads((tmp_path / "recipe.json").read_text())
    assert found["lora"]["r"] == 16 and found["dataset"] == "faith"
    assert found["training"]["learning_rate"] == 2e-5 and found["budget_usd"] == 5


def test_a_target_is_asked_whether_it_is_ready(looking: Seat) -> None:
    looking.click("Check local").sees("is installed")
    looking.page.locator(".choice-card", has_text="lambda").click()
    looking.click("Check lambda").page.locator(".target-checks, .failure").first.wait_for()


@pytest.mark.parametrize("width", [320, 1440])
def test_it_is_accessible_and_fits(looking: Seat, width: int) -> None:
    looking.page.set_viewport_size({"width": width, "height": 900})
    looking.page.locator("summary", has_text="more options").click()
    looking.click("Plan").sees("Tokens an epoch")
    for theme in ("light", "dark"):
        looking.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert looking.page.evaluate(wide) <= 0
        assert violations(looking) == []


def test_without_a_dataset_the_way_to_one_is_told(
    tmp_path: Path, serve: Callable[..., str], sit: Callable[..., Seat]
) -> None:
    with init_workspace(tmp_path / "ws") as ws:
        seat = sit(serve(ws)).open("#/train").sees("Nothing to train on yet")
        seat.sees("hone datasets build")
        assert violations(seat) == []


def test_as_a_version_was_trained_means_on_what_it_was_trained_on(
    ws: Workspace, serve: Callable[..., str], sit: Callable[..., Seat]
) -> None:
    def trained(dataset: str, name: str) -> str:
        options = {
            key: {"value": value, "source": "recipe"}
            for key, value in {
                "task": "qa", "base": "hone-nano", "dataset": dataset,
                "training.length_grouping": None, "lora.target_modules": ["q_proj", "v_proj"],
            }.items()
        }  # fmt: skip
        spec = {"model_name": name, "options": options, "dataset": {"name": dataset}}
        job = jobs.submit(ws, jobs.new_job("train", spec), {})
        return register(ws, name, base="hone-nano", dataset=dataset, task="qa", job=job.id)

    older, control = trained("faith@1", "faith"), trained("faith-control@1", "faith-control")
    freeze(ws, "faith", 30, 4)
    seat = sit(serve(ws)).open("#/train")
    seat.page.get_by_label("Begin with").select_option(older)
    seat.page.locator("option:checked", has_text="faith@1 · an older version").wait_for(
        state="attached"
    )
    others = seat.page.locator("summary", has_text="more options")
    if seat.page.locator("details[open]", has=others).count() == 0:
        others.click()
    assert seat.field("training.length_grouping").input_value() == ""
    targets = seat.field("lora.target_modules")
    assert targets.input_value() == "q_proj, v_proj"
    targets.fill("q_proj, k_proj")
    targets.press("Tab")
    with seat.page.expect_download() as waited:
        seat.click("Export Config")
    recipe = json.loads(Path(waited.value.path()).read_text())
    assert recipe["dataset"] == "faith@1"
    assert recipe["training"] == {"length_grouping": None}
    assert recipe["lora"] == {"target_modules": ["q_proj", "k_proj"]}
    # The rows of a control are not offered, and nothing else is taken in their place.
    seat.page.get_by_label("Begin with").select_option(control)
    seat.page.wait_for_function("() => document.querySelector('select[id]') !== null")
    seat.page.locator("option:checked", has_text="none").first.wait_for(state="attached")
    assert seat.named("Start Training").is_disabled()
