"""The registry: lists, shows ancestry down to the reviewers, switches, takes out, checks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hone.errors import Conflict, HoneError, InvalidInput, NotFound
from hone.records.model import Measured
from hone.records.review import Decision
from hone.stages import registry
from hone.stages.prepare import BuildOptions, build_dataset
from hone.workspace.open import Workspace, open_workspace
from tests.stages.answering import RATIOS, make_workspace, output, register


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "ws"
    with make_workspace(root) as workspace:
        register(workspace)
        register(workspace, parents=["pickup@v1"])
    return root


@pytest.fixture
def ws(built: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(built, tmp_path / "ws")
    with open_workspace(tmp_path / "ws") as workspace:
        yield workspace


def test_versions_are_listed_with_score_and_the_active_one(ws: Workspace) -> None:
    registry.set_active(ws, "pickup@v1", reviewer="ann")
    model = ws.store.models.get("pickup@v2").model
    figure = Measured(value=0.9, low=0.8, high=0.95, on="pickup@1/test")
    ws.store.models.update(model.model_copy(update={"metrics": {"field_f1": figure}}))
    first, second = registry.list_models(ws)
    assert (first.ref, first.is_active, first.score) == ("pickup@v1", True, None)
    assert (second.ref, second.is_active, second.score) == ("pickup@v2", False, figure)
    assert second.dataset == "pickup@1" and Path(second.folder).is_dir()
    assert registry.list_models(ws, "other") == []


def test_ancestry_goes_down_to_base_parents_dataset_files_and_reviewers(ws: Workspace) -> None:
    registry.set_active(ws, "pickup@v2", reviewer="cleo", note="it wins")
    info = registry.model_info(ws, "pickup")
    assert info.model.ref == "pickup@v2" and info.is_active and info.missing_files == []
    assert [one.ref for one in info.parents] == ["pickup@v1"]
    assert len(info.model.base_sha256) == 64
    manifest = ws.store.datasets.get("pickup@1")
    assert info.dataset is not None
    assert (info.dataset.sha256, info.dataset.template) == (manifest.sha256, manifest.template)
    assert info.dataset.splits == {"train": 30, "val": 6, "test": 24}
    train = [one.id for one in ws.store.datasets.members("pickup@1") if one.split == "train"]
    by_ben = sum(one in ("e001", "e002") for one in train)
    assert info.dataset.files == {
        "a.csv": sum(int(one[1:]) < 40 for one in train),
        "b.csv": sum(int(one[1:]) >= 40 for one in train),
    }
    assert info.dataset.reviewers["ann"] == {"accepted": 30 - by_ben}
    assert info.dataset.reviewers.get("ben", {}).get("edited", 0) == by_ben
    assert info.activations[-1].endswith("v2 by cleo (it wins)")


def test_who_decided_the_frozen_answer_counts_not_who_corrected_it_later(ws: Workspace) -> None:
    train = [one.id for one in ws.store.datasets.members("pickup@1") if one.split == "train"]
    later = next(one for one in train if one not in ("e001", "e002"))
    number = int(later[1:])
    ws.store.journal.decide(
        [Decision(op_id="d", example_id=later, verdict="edit", reviewer="dan",
                  output=[{**output(number)[0], "item": "soap"}])]
    )  # fmt: skip
    before = registry.model_info(ws, "pickup@v1").dataset
    assert before is not None and "dan" not in before.reviewers
    build_dataset(ws, "pickup", BuildOptions.model_validate({"ratios": RATIOS}))
    newer = registry.ancestry_of(ws, ws.store.datasets.get("pickup@2"))
    assert newer.reviewers["dan"] == {"edited": 1}


def test_one_pass_over_a_large_dataset_counts_as_looking_each_up(ws: Workspace) -> None:
    manifest = ws.store.datasets.get("pickup@1")
    one_by_one = registry.ancestry_of(ws, manifest, few_members=100)
    assert registry.ancestry_of(ws, manifest, few_members=0) == one_by_one


def test_switching_is_journalled_and_an_unknown_version_offers_the_nearest(ws: Workspace) -> None:
    registry.set_active(ws, "pickup@v1", reviewer="ann")
    registry.set_active(ws, "pickup@v2", reviewer="ben", note="better")
    said = [(a.version, a.reviewer, a.note) for a in ws.store.models.activations("pickup")]
    assert said == [("v1", "ann", ""), ("v2", "ben", "better")]
    with pytest.raises(NotFound, match="pickup@v7") as told:
        registry.set_active(ws, "pickup@v7", reviewer="ann")
    assert 'Did you mean "pickup@v' in told.value.hint


def test_a_version_whose_files_are_gone_cannot_become_active(ws: Workspace) -> None:
    (ws.models / "pickup" / "v2" / "adapter_model.safetensors").unlink()
    assert registry.model_info(ws, "pickup@v2").missing_files == ["adapter_model.safetensors"]
    with pytest.raises(HoneError, match="cannot answer"):
        registry.set_active(ws, "pickup@v2", reviewer="ann")
    assert ws.store.models.active("pickup") is None


def test_taking_out_leaves_the_files_and_refuses_the_active_version(ws: Workspace) -> None:
    registry.set_active(ws, "pickup@v2", reviewer="ann")
    with pytest.raises(Conflict, match="is the active version") as told:
        registry.delete_model(ws, "pickup@v2", reviewer="ann")
    assert "set-active pickup@v1" in told.value.hint and "--force" in told.value.hint
    gone = registry.delete_model(ws, "pickup@v2", reviewer="ann", is_forced=True)
    assert (gone.folder / "adapter_model.safetensors").is_file()
    assert [one.ref for one in registry.list_models(ws)] == ["pickup@v1"]
    assert ws.store.models.next_version("pickup") == "v3"
    with pytest.raises(NotFound):
        registry.delete_model(ws, "pickup@v2", reviewer="ann")


def test_validating_names_everything_that_is_not_as_it_was(ws: Workspace) -> None:
    import numpy as np
    from safetensors.numpy import save_file

    checks = registry.validate_model(ws, "pickup@v1")
    assert checks.problems == ["adapter_model.safetensors is no safetensors file, or is cut off"]
    ref = register(ws, "sound")
    file = ws.models / "sound" / "v1" / "adapter_model.safetensors"
    save_file({"w": np.zeros((2, 2), np.float32)}, file)
    assert registry.validate_model(ws, ref).problems == [
        f"{file} was changed after sound@v1 was registered"
    ]
    with pytest.raises(InvalidInput, match="1 checks failed"):
        registry.refuse_invalid(registry.validate_model(ws, ref), bad=0, tried=0)
    from hone.workspace.files import sha256_of

    model = ws.store.models.get(ref).model
    sums = {**model.sha256, file.name: sha256_of(file)}
    ws.store.models.update(model.model_copy(update={"sha256": sums}))
    sound = registry.validate_model(ws, ref)
    assert sound.problems == [] and len(sound.passed) == 4
    registry.refuse_invalid(sound, bad=0, tried=3)
    with pytest.raises(InvalidInput, match="2 of 3 samples"):
        registry.refuse_invalid(sound, bad=2, tried=3)
    (ws.root / "small" / "model.safetensors").write_bytes(b"short")
    assert registry.validate_model(ws, ref).problems


def test_a_changed_base_is_refused_before_anything_is_loaded(ws: Workspace) -> None:
    config = ws.root / "small" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "hidden_size": 9}))
    with pytest.raises(InvalidInput, match="is not the one that pickup@v1 was trained on"):
        registry.load_model(ws, "pickup@v1")
