"""Replay: new examples and a seeded sample of what trained before, never of a test."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hone.errors import InvalidInput
from hone.records.dataset import ExampleQuery
from hone.records.review import Decision
from hone.stages.prepare import BuildOptions, build_dataset
from hone.workspace.open import Workspace
from tests.stages.prepare.conftest import accept_all, fill, row

Make = Callable[..., Workspace]


def members(folder: Path) -> dict[str, dict[str, object]]:
    lines = (folder / "members.jsonl").read_text().splitlines()
    return {one["id"]: one for one in map(json.loads, lines)}


def grown(make_workspace: Make, name: str = "ws") -> tuple[Workspace, Path]:
    """100 examples frozen as catechism@1, then 50 more that are accepted."""
    workspace = make_workspace(100, name)
    old = build_dataset(workspace, "catechism").folder
    fill(workspace, [row(number) for number in range(100, 150)])
    accept_all(workspace, "more")
    return workspace, old


def test_a_share_of_what_trains_is_replayed_and_only_what_trained(make_workspace: Make) -> None:
    workspace, old = grown(make_workspace)
    options = BuildOptions(replay="catechism@1", replay_share=0.2, seed=3)
    built = build_dataset(workspace, "newer", options)
    before, now = members(old), members(built.folder)
    replayed = {id for id, one in now.items() if one.get("replay") == "catechism@1"}
    assert {before[id]["split"] for id in replayed} == {"train"}
    assert {now[id]["split"] for id in replayed} == {"train"}
    assert set(now) - replayed == {f"e{number:05}" for number in range(100, 150)}
    # 40 of the 50 new ones train; 10 of 50 are a fifth.
    assert len(replayed) == 10
    assert built.manifest.splits["train"].rows == 50
    assert built.manifest.options["replay"] == {
        "of": "catechism@1",
        "sha256": workspace.store.datasets.get("catechism@1").sha256,
        "share": 0.2,
        "available": 80,
        "taken": 10,
        "seed": 3,
    }
    assert "Replayed 10 of 80 examples that trained in catechism@1" in built.manifest.notes[-1]


def test_the_same_seed_replays_the_same_examples_and_another_seed_others(
    make_workspace: Make,
) -> None:
    def chosen(name: str, seed: int) -> set[str]:
        workspace, _ = grown(make_workspace, name)
        options = BuildOptions(replay="catechism@1", replay_rows=15, seed=seed)
        found = members(build_dataset(workspace, "newer", options).folder)
        return {id for id, one in found.items() if "replay" in one}

    first, again, other = chosen("a", 1), chosen("b", 1), chosen("c", 2)
    assert first == again
    assert len(first) == len(other) == 15
    assert first != other


def test_what_was_tested_anywhere_is_never_replayed(make_workspace: Make) -> None:
    workspace, old = grown(make_workspace)
    trained = sorted(id for id, one in members(old).items() if one["split"] == "train")
    # Half of what trained is asked in the test of another dataset of the task.
    other = build_dataset(
        workspace,
        "other",
        BuildOptions.model_validate({"ratios": {"train": 0.1, "val": 0.4, "test": 0.5}}),
    )
    tested = {id for id, one in members(other.folder).items() if one["split"] != "train"}
    assert tested & set(trained)
    options = BuildOptions(replay="catechism@1", replay_rows=1000)
    built = build_dataset(workspace, "newer", options)
    replayed = {id for id, one in members(built.folder).items() if "replay" in one}
    assert replayed
    assert not replayed & tested
    assert "1,000 were asked for" in built.manifest.notes[-1]


def test_a_new_sibling_of_what_trained_only_trains(make_workspace: Make) -> None:
    workspace = make_workspace(0)
    fill(workspace, [row(number, group=f"g{number % 20}") for number in range(60)])
    accept_all(workspace, "first")
    old = members(build_dataset(workspace, "catechism").folder)
    groups = {int(id[1:]) % 20 for id, one in old.items() if one["split"] == "train"}
    fill(workspace, [row(number, group=f"g{number % 20}") for number in range(60, 80)])
    fill(workspace, [row(number, group=f"new{number % 10}") for number in range(80, 120)])
    accept_all(workspace, "second")
    built = build_dataset(workspace, "newer", BuildOptions(replay="catechism@1", replay_rows=5))
    now = members(built.folder)
    siblings = [id for id in now if int(id[1:]) in range(60, 80) and int(id[1:]) % 20 in groups]
    assert siblings
    assert {now[id]["split"] for id in siblings} == {"train"}


def test_a_corrected_example_is_new_again_and_trains(make_workspace: Make) -> None:
    workspace, old = grown(make_workspace)
    id = next(id for id, one in members(old).items() if one["split"] == "train")
    version = workspace.store.examples.get(id).version
    edit = Decision(
        op_id="mend",
        example_id=id,
        base_version=version,
        verdict="edit",
        output={"answer": "A better one."},
        reviewer="ann",
    )
    workspace.store.journal.decide([edit])
    built = build_dataset(workspace, "newer", BuildOptions(replay="catechism@1", replay_rows=5))
    found = members(built.folder)[id]
    assert found["split"] == "train"
    assert "replay" not in found


def test_refusals_say_what_to_try(make_workspace: Make) -> None:
    workspace, _ = grown(make_workspace)
    build_dataset(workspace, "catechism")
    with pytest.raises(InvalidInput, match="Nothing is new beside catechism@2"):
        build_dataset(workspace, "newer", BuildOptions(replay="catechism@2"))
    limited = BuildOptions(replay="catechism@1", query=ExampleQuery.model_validate({"limit": 5}))
    with pytest.raises(InvalidInput, match="--limit counts older examples too"):
        build_dataset(workspace, "newer", limited)
    with pytest.raises(ValueError, match="needs the version"):
        BuildOptions(replay_rows=5)
    with pytest.raises(ValueError, match="not both"):
        BuildOptions(replay="catechism@1", replay_rows=5, replay_share=0.1)
    assert not (workspace.datasets / "newer@1").exists()
