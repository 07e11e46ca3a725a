"""Going on from a registered version: train on it, merge it, and see what it forgot."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hone import loop
from hone.errors import InvalidInput
from hone.records.model import ModelVersion
from hone.stages import jobs, registry
from hone.stages.train import merge, start_merge
from hone.workspace.open import Workspace, open_workspace
from hone.workspace.store import Filter, new_example
from tests.engine.small import make_small_base
from tests.loop.here import evaluate_here, merge_here, train_here
from tests.stages.answering import RATIOS, example, make_workspace, message

pytestmark = pytest.mark.loop

RECIPE: dict[str, Any] = {
    "task": "pickup",
    "base": "small",
    "dataset": "pickup",
    "lora": {"r": 4, "lora_alpha": 8, "lora_dropout": 0.0},
    "training": {"max_steps": 6, "batch_size": 4, "learning_rate": 0.02, "threads": 1},
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """pickup@v1 learned from 60 examples; 40 more came since and are pickup@2 with a replay."""
    root = tmp_path_factory.mktemp("built") / "ws"
    with make_workspace(root) as ws:
        shutil.rmtree(ws.root / "small")
        make_small_base(ws.root / "small")
        loop.train(ws, RECIPE, confirm_run=True)
        rows = [example(number) for number in range(61, 101)]
        ws.store.examples.add_many(new_example(one, search=message(one.position)) for one in rows)
        ws.store.journal.bulk("new", "accept", Filter(status=("pending",)), reviewer="ann")
        made = loop.build_dataset(
            ws, "pickup", ratios=RATIOS, replay="pickup@1", replay_share=0.25, seed=1
        )
        assert made.manifest.ref == "pickup@2"
    return root


@pytest.fixture
def ws(built: Path, tmp_path: Path) -> Iterator[Workspace]:
    # The supervisor that trained may still be there, and would be taken for the copy's own.
    without = shutil.ignore_patterns(".supervisor")
    shutil.copytree(built, tmp_path / "ws", ignore=without)
    with open_workspace(tmp_path / "ws") as workspace:
        yield workspace


def continued(ws: Workspace, base: str, **changes: object) -> ModelVersion:
    return train_here(ws, {**RECIPE, "base": base, **changes})


def stored_types(folder: Path) -> set[str]:
    raw = (folder / "model.safetensors").read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    return {one["dtype"] for name, one in header.items() if name != "__metadata__"}


def in_bfloat16(folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
    model.save_pretrained(folder)


def test_a_version_goes_on_and_what_it_forgot_stands_on_its_card(ws: Workspace) -> None:
    newer = continued(ws, "pickup@v1")
    assert (newer.ref, newer.parents, newer.dataset) == ("pickup@v2", ["pickup@v1"], "pickup@2")
    assert newer.base == "small"
    found = loop.evaluate(ws, "pickup@v2", forgetting=True, max_new_tokens=8)
    assert found.on == "pickup@1/test"
    assert [row.contender for row in found.rows] == ["pickup@v2", "pickup@v1"]
    difference = found.differences["pickup@v2 - pickup@v1"]
    assert difference.low is not None
    noted = registry.model_info(ws, "pickup@v2").model.details["forgetting"]
    assert noted["difference"] == difference.model_dump(mode="json")
    assert (noted["older"], noted["examples"]) == ("pickup@v1", found.rows[0].examples)
    kept = json.loads((ws.models / "pickup" / "v2" / "metadata.json").read_text())
    assert kept["details"]["forgetting"] == noted
    with pytest.raises(InvalidInput, match="does not go on from a version"):
        loop.evaluate(ws, "pickup@v1", forgetting=True)
    with pytest.raises(InvalidInput, match="leave out --data"):
        loop.evaluate(ws, "pickup@v2", forgetting=True, on="pickup@2/test")


@pytest.mark.parametrize("kind", ["float32", "bfloat16"])
def test_a_merged_version_answers_as_its_adapter_and_can_be_gone_on_from(
    kind: str, ws: Workspace
) -> None:
    if kind == "bfloat16":
        in_bfloat16(ws.root / "small")
        continued(ws, "small", dataset="pickup@1", name="other")
    source = "other@v1" if kind == "bfloat16" else "pickup@v1"
    made = merge(ws, source)
    assert (made.kind, made.parents, made.base) == ("full", [source], "small")
    merged = made.details["merged"]
    assert merged["asked"] == 24
    assert merged["differences"][merged["dtype"]] == 0
    folder = ws.store.models.get(made.ref).folder
    assert stored_types(folder) == {"F32" if merged["dtype"] == "float32" else "BF16"}
    if kind == "float32":
        assert merged["dtype"] == "float32"
    assert registry.validate_model(ws, made.ref).problems == []
    found = evaluate_here(
        ws, made.ref, on="pickup@1/test", rows=["tuned"], further=[source], max_new_tokens=12
    )
    one, other = (list(ws.store.evaluations.scores(found.id, row.contender))
                  for row in found.rows)  # fmt: skip
    assert [score.text for score in one] == [score.text for score in other]
    # The figures that the evaluation wrote beside the weights do not change the model.
    again = continued(ws, made.ref, name="third")
    assert (again.base, again.parents) == (made.ref, [made.ref])
    evaluate_here(ws, made.ref, on="pickup@1/test", rows=["tuned"], max_new_tokens=4)
    assert registry.validate_model(ws, again.ref).problems == []


def test_what_cannot_be_merged_is_refused_before_a_job_exists(ws: Workspace) -> None:
    made = merge_here(ws, "pickup@v1", dtype="float32")
    before = len(jobs.list_jobs(ws))
    with pytest.raises(InvalidInput, match="no adapter to merge"):
        start_merge(ws, made.ref)
    with pytest.raises(InvalidInput, match='"bf16" is no type'):
        start_merge(ws, "pickup@v1", dtype="bf16")
    for split in ("test", "val"):
        (ws.datasets / "pickup@1" / f"{split}.jsonl").unlink()
    with pytest.raises(InvalidInput, match="no held-out prompts"):
        start_merge(ws, "pickup@v1")
    assert len(jobs.list_jobs(ws)) == before
