"""Where a finished version lies beside the registry, where its recipe says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hone.errors import InvalidInput
from hone.stages.train import check_recipe, collect_trained, prepare_training
from hone.workspace.open import Workspace
from tests.stages.test_train import RECIPE, prepare, train, ws

__all__ = ["ws"]

SHOWN = ("shown_at.model=checkpoints/slack-lora-{version}", "shown_at.logs=logs/{version}")


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_adapter_and_logs_lie_where_the_recipe_says(ws: Workspace) -> None:
    for version in ("v1", "v2"):
        train(ws, *SHOWN)
        assert collect_trained(ws).problems == []
        shown, logs = ws.root / "checkpoints" / f"slack-lora-{version}", ws.root / "logs" / version
        home = ws.models / "faith" / version
        assert files_in(shown) == files_in(home) and "adapter_config.json" in files_in(shown)
        assert {"training.log", "metadata.json"} <= files_in(logs)
        told = json.loads((logs / "metadata.json").read_text())
        assert (told["name"], told["version"]) == ("faith", version)
        assert told["runtime_seconds"] == 1.5 and told["cost_usd"] == 0
    assert (ws.checkpoints / "lora" / "faith" / "final").is_dir()
    assert not [path for path in ws.checkpoints.iterdir() if path.name.startswith(".")]


def test_it_is_the_same_training_wherever_it_is_shown(ws: Workspace) -> None:
    train(ws, *SHOWN)
    train(ws)
    first, second = (job.spec["fingerprint"] for job in ws.store.jobs.list())
    assert first == second


def test_the_place_of_another_is_never_taken(ws: Workspace) -> None:
    train(ws, *SHOWN)
    collect_trained(ws)
    named = (*SHOWN, "name=soup")
    with pytest.raises(InvalidInput) as refused:
        prepare(ws, *named)
    assert "slack-lora-v1 holds faith@v1; logs/v1 holds faith@v1" in refused.value.message
    assert "--set shown_at.logs=logs/{name}-{version}" in refused.value.hint
    mended = ("shown_at.model=checkpoints/{name}-{version}", "shown_at.logs=logs/{name}-{version}")
    train(ws, *mended, "name=soup")
    collect_trained(ws)
    assert (ws.logs / "soup-v1" / "training.log").is_file()
    # A folder of somebody's own is no place either; one that came between is left as it is.
    (ws.logs / "v2").mkdir()
    with pytest.raises(InvalidInput, match="logs/v2 holds something else"):
        prepare(ws, *SHOWN)
    (ws.logs / "v2").rmdir()
    train(ws, *SHOWN)
    (ws.logs / "v2").mkdir()
    (ws.logs / "v2" / "metadata.json").write_text('{"name": "stew", "version": "v2"}')
    mine = ws.checkpoints / "slack-lora-v2" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    assert [one.ref for one in collect_trained(ws).models] == ["faith@v2"]
    assert files_in(ws.logs / "v2") == {"metadata.json"} and files_in(mine.parent) == {"mine.txt"}


@pytest.mark.parametrize(
    "shown",
    [
        {"model": "checkpoints/final"},
        {"model": "models/{version}"},
        {"model": "checkpoints/../models/{version}"},
        {"model": "/etc/{version}"},
        {"model": "checkpoints/lora/{version}"},
        {"model": "checkpoints/{base}-{version}"},
        {"logs": "logs/.{version}"},
        {"logs": "logs/lora_training/{version}"},
        {"weights": "checkpoints/{version}"},
        {"logs": 3},
        "logs/{version}",
    ],
)
def test_a_place_is_a_folder_of_its_own_for_each_version(shown: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_recipe({"base": "small", "dataset": "faith", "shown_at": shown})
    (problem,) = refused.value.problems
    assert problem.startswith("shown_at: ")


def test_a_recipe_without_places_is_as_before(ws: Workspace) -> None:
    assert prepare_training(ws, RECIPE).plan.options["shown_at"].value is None
