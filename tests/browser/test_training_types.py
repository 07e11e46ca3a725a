"""Train for questions and answers: types, data, base, defaults, what leaves as a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hone.loop import Workspace
from tests.browser import samples
from tests.browser.passages import accept, add_questions
from tests.browser.seat import Seat
from tests.browser.test_access import violations

DEFAULTS = {
    "Learning rate": ("0.00002", "size of a step"),
    "Epochs": ("3", "passes over the training rows"),
    "Batch size": ("4", "rows that go through the model at once"),
    "LoRA rank": ("16", "rank: columns of each adapter matrix"),
    "LoRA alpha": ("32", "scale: what the adapter adds"),
    "Max sequence length": ("2048", "tokens"),
}


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with samples.make(tmp_path / "ws", {"harbour": 2}) as workspace:
        accept(workspace, add_questions(workspace))
        yield workspace


@pytest.fixture
def looking(ws: Workspace, serve: Callable[..., str], sit: Callable[..., Seat]) -> Seat:
    return sit(serve(ws)).open("#/train").sees("Load Existing")


def choose(seat: Seat, name: str) -> None:
    seat.page.locator(".choice-card", has_text=name).first.click()


def prepare_raft(seat: Seat) -> None:
    choose(seat, "RAFT")
    seat.click("Prepare RAFT Data").sees("Training data saved").sees("harbour-raft@1:")


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def test_raft_data_is_prepared_from_accepted_pairs_and_leaves_as_rows(
    ws: Workspace, looking: Seat, tmp_path: Path
) -> None:
    looking.sees("Nothing to train on yet")
    prepare_raft(looking)
    frozen = ws.datasets / "harbour-raft@1/train.jsonl"
    assert "Context:" in frozen.read_text()
    assert looking.field("Dataset").input_value() == "harbour-raft"
    with looking.page.expect_download() as waited:
        looking.click("Export Data")
    waited.value.save_as(tmp_path / "rows.jsonl")
    assert (tmp_path / "rows.jsonl").read_bytes() == frozen.read_bytes()
    assert waited.value.suggested_filename == "harbour-raft-1-train.jsonl"


def test_a_type_brings_its_defaults_each_with_what_it_means(looking: Seat, tmp_path: Path) -> None:
    prepare_raft(looking)
    for name, recipe in (("SFT", "qa_lora"), ("DPO", "qa_dpo"), ("RAFT", "qa_raft")):
        choose(looking, name)
        looking.page.locator(f"option[value={recipe}]:checked").wait_for(state="attached")
        for label, (value, about) in DEFAULTS.items():
            field = looking.field(label)
            assert field.input_value() == value, (name, label)
            told = field.get_attribute("aria-describedby")
            said = looking.page.locator(f"[id='{told}']").inner_text()
            assert about in said and "\n" not in said, (label, said)
        assert looking.field("Base model").input_value() == "Qwen/Qwen2.5-7B-Instruct"
    with looking.page.expect_download() as waited:
        looking.click("Export Config")
    waited.value.save_as(tmp_path / "recipe.json")
    found = json.loads((tmp_path / "recipe.json").read_text())
    assert found["method"] == "sft" and found["dataset"] == "harbour-raft"
    assert found["training"]["learning_rate"] == 2e-5 and found["lora"]["lora_alpha"] == 32


def test_dpo_without_pairs_says_so_and_what_to_do(ws: Workspace, looking: Seat) -> None:
    prepare_raft(looking)
    choose(looking, "DPO")
    looking.sees("There are no pairs yet, and DPO needs them. Edit answers in Review")
    assert looking.named("Start Training").is_disabled()
    assert looking.field("Base model").input_value() == "Qwen/Qwen2.5-7B-Instruct"
    looking.click("Prepare DPO Data").sees("it needs a pair: an edited answer")
    assert [one.ref for one in ws.store.datasets.list()] == ["harbour-raft@1"]


def test_a_prepared_file_is_loaded_or_refused_line_by_line(
    ws: Workspace, looking: Seat, tmp_path: Path
) -> None:
    chooser = looking.page.locator("input[type=file]")
    pair = {"prompt": "Is it open?", "chosen": "Until six.", "rejected": "No."}
    wrong = write(tmp_path / "wrong.jsonl", pair, {"prompt": "Is it open?"})
    choose(looking, "DPO")
    chooser.set_input_files(wrong)
    looking.sees("wrong.jsonl was not loaded: 1 line is no row of the format dpo.")
    looking.sees("Line 2: it has no chosen.")
    assert ws.store.datasets.list() == []
    others = [{**pair, "prompt": f"Is the {name} open?"} for name in ("mast", "chapel", "quay")]
    chooser.set_input_files(write(tmp_path / "my pairs.jsonl", pair, *others))
    looking.sees("Training data saved").sees("my-pairs@1:")
    (manifest,) = ws.store.datasets.list()
    assert manifest.format == "dpo" and manifest.splits["train"].rows == 4
    assert looking.field("Dataset").input_value() == "my-pairs"
    looking.page.get_by_label("Base model").select_option("hone-nano")
    looking.click("Plan").sees("my-pairs: dpo of hone-nano")


def test_only_bases_that_take_an_adapter_are_offered_and_others_refused(looking: Seat) -> None:
    prepare_raft(looking)
    base = looking.field("Base model")
    offered = base.locator("option").all_inner_texts()
    assert {"hone-nano", "Qwen/Qwen2.5-7B-Instruct", "meta-llama/Llama-3.1-8B-Instruct"} <= set(
        offered
    )
    assert not any(word in name for name in offered for word in ("AWQ", "GPTQ"))
    base.select_option("Another one…")
    typed = looking.field("Name or folder of the base")
    for rounded in ("GPTQ-Int4", "AWQ"):
        typed.fill(f"Qwen/Qwen2.5-7B-Instruct-{rounded}")
        typed.press("Tab")
        looking.sees(f"Instruct-{rounded} is quantised; training needs the unquantised weights.")
    looking.page.get_by_role("button", name="Take Qwen/Qwen2.5-7B-Instruct").click()
    assert base.input_value() == "Qwen/Qwen2.5-7B-Instruct"
    looking.page.get_by_text("is quantised; training").wait_for(state="detached")


@pytest.mark.parametrize("width", [320, 1440])
def test_it_is_accessible_and_fits(looking: Seat, width: int) -> None:
    looking.page.set_viewport_size({"width": width, "height": 900})
    assert violations(looking) == []
    prepare_raft(looking)
    looking.field("Base model").select_option("Another one…")
    choose(looking, "DPO")
    looking.sees("There are no pairs yet")
    for theme in ("light", "dark"):
        looking.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert looking.page.evaluate(wide) <= 0
        assert violations(looking) == []
