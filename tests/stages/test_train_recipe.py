"""Recipes: every key known, every type right, all problems at once, every value with its source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hone.errors import HoneError, InvalidInput, NotFound
from hone.stages.train.recipe import check_recipe, known_keys, read_recipe

PLAIN: dict[str, Any] = {"base": "hone-nano", "dataset": "pickup"}


def problems_of(written: dict[str, Any], *overrides: str) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        check_recipe(written, overrides)
    assert caught.value.hint
    return list(caught.value.problems)


def test_the_plain_keys_of_a_documents_recipe_are_known() -> None:
    checked = check_recipe({**PLAIN, "lora": {}})
    keys = (
        "lora.r lora.lora_alpha lora.lora_dropout training.dry_run training.epochs "
        "training.batch_size training.learning_rate training.gradient_accumulation_steps "
        "data.max_seq_length report_to"
    ).split()
    assert set(keys) <= set(known_keys(checked.method))
    defaults = {key: checked.value(key) for key in ("lora.r", "lora.lora_alpha")}
    assert defaults == {"lora.r": 8, "lora.lora_alpha": 16}
    assert checked.value("lora.lora_dropout") == 0.05
    assert checked.value("training.batch_size") == 4
    assert checked.value("data.max_seq_length") == 512


def test_every_value_knows_whether_default_recipe_or_command_gave_it() -> None:
    written = {**PLAIN, "lora": {"r": 4}, "training": {"epochs": 2, "learning_rate": "2e-4"}}
    checked = check_recipe(written, ["training.epochs=0.5", "on=local"])
    found = {key: (one.value, one.source) for key, one in checked.options.items()}
    assert found["training.epochs"] == (0.5, "--set")
    assert found["training.learning_rate"] == (2e-4, "recipe")
    assert found["lora.r"] == (4, "recipe")
    assert found["training.seed"] == (0, "default")
    assert found["on"] == ("local", "--set")
    assert found["base"] == ("hone-nano", "recipe")
    assert written["training"]["epochs"] == 2  # what was handed in is not changed


def test_without_a_lora_section_training_is_full_and_has_no_adapter_keys() -> None:
    assert not any(key.startswith("lora.") for key in check_recipe(PLAIN).options)
    with_null = check_recipe({**PLAIN, "lora": {"r": 4}}, ["lora=null"])
    assert not any(key.startswith("lora.") for key in with_null.options)
    assert check_recipe(PLAIN, ["lora.r=2"]).value("lora.r") == 2


def test_set_replaces_a_whole_section_and_reads_lists() -> None:
    checked = check_recipe(
        {**PLAIN, "training": {"epochs": 2}},
        ["training={seed: 7}", "report_to=[tensorboard]", "lora.target_modules=[q_proj, v_proj]"],
    )
    assert checked.value("training.epochs") == 3
    assert checked.options["training.epochs"].source == "default"
    assert checked.options["training.seed"].source == "--set"
    assert checked.value("report_to") == ["tensorboard"]
    assert checked.value("lora.target_modules") == ["q_proj", "v_proj"]


def test_all_problems_are_named_at_once_with_the_nearest_key() -> None:
    found = problems_of(
        {
            "base": "hone-nano",
            "lora": {"r": "many", "lora_alpa": 3},
            "trainig": {"epochs": 1},
            "training": {"batch_sze": 4, "max_seq_length": 3, "lr_scheduler": "cos"},
            "data": 7,
            "budget_usd": -1,
        },
        "training.epochs=three",
        "no-equals-sign",
    )
    text = "\n".join(found)
    for expected in (
        "dataset: is missing",
        "lora.lora_alpa: unknown key; did you mean lora.lora_alpha?",
        "lora.r: 'many' should be a valid integer",
        "trainig: unknown key; did you mean training?",
        "training.batch_sze: unknown key; did you mean training.batch_size?",
        "training.max_seq_length: unknown key; did you mean data.max_seq_length?",
        "training.lr_scheduler: 'cos' should be 'cosine', 'linear' or 'constant'",
        "training.epochs: 'three' should be a valid number",
        "data: holds 7, not keys",
        "budget_usd: -1 should be greater than or equal to 0",
        "--set no-equals-sign: write KEY=VALUE",
    ):
        assert expected in text
    assert len(found) == 11


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("training.epochs", "true"),
        ("training.seed", "yes"),
        ("training.batch_size", "0"),
        ("training.batch_size", "1.5"),
        ("training.epochs", "-1"),
        ("training.epochs", ".nan"),
        ("training.epochs", ".inf"),
        ("training.learning_rate", "0"),
        ("training.learning_rate", "fast"),
        ("training.dry_run", "perhaps"),
        ("lora.lora_dropout", "1.0"),
        ("lora.r", "[8]"),
        ("data.max_seq_length", "{}"),
        ("report_to", "tensorboard"),
        ("report_to", "[wandb]"),
        ("base", "7"),
        ("dataset", "{build: {format: raft}}"),
    ],
)
def test_a_wrong_type_or_size_is_refused_with_its_key(key: str, value: str) -> None:
    found = problems_of({**PLAIN, "lora": {}}, f"{key}={value}")
    assert len(found) == 1 and found[0].startswith(f"{key}:")


def test_an_unknown_method_or_target_is_answered_with_the_known_ones() -> None:
    assert "sft" in problems_of({**PLAIN, "method": "stf"})[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just words",
        "- a\n- list",
        "base: [unclosed",
        "base: a\nbase: b",
        "a: &x [1]\nb: *x",
        "\tbase: x",
        "base: !!python/object:os.system {}",
        "a: " + "[" * 5000,
    ],
)
def test_a_file_that_is_no_recipe_is_said_in_two_lines(tmp_path: Path, text: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(HoneError) as caught:
        check_recipe(read_recipe(path))
    assert caught.value.message and caught.value.hint


def test_a_recipe_that_is_not_there_offers_the_nearest_file(tmp_path: Path) -> None:
    (tmp_path / "pickup_lora.yaml").write_text("base: x")
    with pytest.raises(NotFound) as caught:
        read_recipe(tmp_path / "pikup_lora.yaml")
    assert "pickup_lora.yaml" in caught.value.hint
    with pytest.raises(NotFound, match="no recipe"):
        read_recipe(tmp_path / "nowhere" / "at-all.yaml")
