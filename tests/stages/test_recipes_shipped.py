"""The shipped recipes: readable, sound, and each opens with the command that runs it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from hone.stages.recipes import list_recipes
from hone.stages.train.recipe import check_recipe, known_keys, read_recipe
from tests.conftest import REPOSITORY

SHIPPED = sorted((REPOSITORY / "recipes").glob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_recipe_holds_and_opens_with_its_command(path: Path) -> None:
    checked = check_recipe(read_recipe(path))
    command = path.read_text().splitlines()[0]
    words = shlex.split(command.removeprefix("# "))
    assert words[:3] == ["hone", "train", f"recipes/{path.name}"]
    assert words[3:] in (["--plan"], ["--dry-run"])
    assert checked.options["base"].source == "recipe"


def test_all_of_them_are_listed() -> None:
    assert [recipe.path.name for recipe in list_recipes()] == [path.name for path in SHIPPED]
    assert {"pickup_lora", "qa_lora", "extract_lora", "pickup_full", "docs_lora"} <= {
        path.stem for path in SHIPPED
    }


def test_the_recipe_for_documents_cannot_train_by_accident() -> None:
    checked = check_recipe(read_recipe(REPOSITORY / "recipes" / "docs_lora.yaml"))
    assert checked.value("training.dry_run") is True and checked.value("training.epochs") == 0
    expected = {
        "lora.r": 8,
        "lora.lora_alpha": 16,
        "lora.lora_dropout": 0.05,
        "training.batch_size": 4,
        "training.learning_rate": 2e-4,
        "data.max_seq_length": 512,
    }
    assert {key: checked.value(key) for key in expected} == expected


# What the five jobs are promised (docs/reference/requirements.md).
QUESTIONS = {
    "training.learning_rate": 2e-5,
    "training.epochs": 3,
    "training.batch_size": 4,
    "lora.r": 16,
    "lora.lora_alpha": 32,
    "data.max_seq_length": 2048,
}
PROMISED = {
    "qa_lora": {"base": "Qwen/Qwen2.5-7B-Instruct", **QUESTIONS},
    "qa_raft": {"base": "Qwen/Qwen2.5-7B-Instruct", **QUESTIONS},
    "qa_dpo": {"method": "dpo", **QUESTIONS},
    "score_regression": {
        "base": "Qwen/Qwen2.5-7B",
        "training.loss": "mse",
        "training.epochs": 3,
        "training.batch_size": 8,
        "training.learning_rate": 2e-5,
        "training.warmup_steps": 500,
        "data.max_seq_length": 512,
    },
    "extract_lora": {"base": "meta-llama/Llama-3.2-1B-Instruct"},
    "memories_lora": {"training.epochs": 3, "lora.r": 16, "training.learning_rate": 2e-4},
    "memories_full": {"training.epochs": 3, "training.learning_rate": 5e-5},
}


@pytest.mark.parametrize("name", PROMISED)
def test_the_recipes_of_the_jobs_have_the_promised_values(name: str) -> None:
    checked = check_recipe(read_recipe(REPOSITORY / "recipes" / f"{name}.yaml"))
    assert {key: checked.value(key) for key in PROMISED[name]} == PROMISED[name]


def test_full_fine_tuning_has_no_adapter() -> None:
    checked = check_recipe(read_recipe(REPOSITORY / "recipes" / "pickup_full.yaml"))
    assert not any(key.startswith("lora.") for key in checked.options)


def test_the_reference_page_lists_every_key_with_its_default_and_meaning() -> None:
    from tools.build_docs import recipes

    page = recipes.page()
    checked = check_recipe({"base": "x", "dataset": "y"})
    for key in known_keys(checked.method):
        [line] = [line for line in page.splitlines() if line.startswith(f"| `{key}` |")]
        cells = [cell.strip() for cell in line.replace("\\|", "/").strip("|").split("|")]
        assert len(cells) == 5 and cells[1] and cells[3] and cells[4], line
