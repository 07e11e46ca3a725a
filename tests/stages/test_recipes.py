"""Shipped recipes: found by name from anywhere, copied without overwriting."""

from __future__ import annotations

from pathlib import Path

import pytest

from hone.errors import Conflict, NotFound
from hone.stages.recipes import copy_recipe, find_recipe, list_recipes


def test_every_shipped_recipe_opens_with_its_command() -> None:
    recipes = list_recipes()
    assert {"pickup_lora", "qa_lora", "extract_lora"} <= {recipe.name for recipe in recipes}
    for recipe in recipes:
        assert recipe.command.startswith(f"hone train recipes/{recipe.name}.yaml"), recipe
        assert 20 < len(recipe.about) < 160 and not recipe.about.startswith("First"), recipe


def test_a_recipe_is_found_by_name_or_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # elsewhere than in a checkout, which has its own recipes/
    first = list_recipes()[0]
    assert find_recipe(first.name) == find_recipe(f"recipes/{first.name}.yaml") == first.path
    assert find_recipe(str(first.path)) == first.path
    with pytest.raises(NotFound, match="no recipe file qa_lroa"):
        find_recipe("qa_lroa")


def test_a_copy_never_overwrites(tmp_path: Path) -> None:
    copied = copy_recipe("qa_lora", tmp_path)
    assert copied == tmp_path / "qa_lora.yaml"
    with pytest.raises(Conflict, match="exists already"):
        copy_recipe("qa_lora", tmp_path)
