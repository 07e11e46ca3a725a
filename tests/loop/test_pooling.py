"""A model of scores says itself how it reads a text: read back, gone on with, read by others."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from transformers import AutoModel

from hone.engine.load import BaseSpec, ScoreHead, load_base
from hone.engine.lora import with_adapter
from hone.rendering.tokens import Renderer
from hone.workspace.job_folder import JobFolder
from hone.workspace.pooling import OPTION, pooling_of
from tests.engine.small import frozen, make_job, make_small_base, scored_rows
from tests.loop.test_methods import CHANGES, SCORED, carried_out

pytestmark = pytest.mark.loop


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small_base(tmp_path_factory.mktemp("base") / "small")


def scoring_job(
    folder: Path, base: Path, *, is_lora: bool = True, without: str = "", **changes: Any
) -> JobFolder:
    given = {key: changes.pop(key) for key in [*changes] if "." in key}
    options = frozen(is_lora=is_lora, method="regression", **{**CHANGES, **given})
    options.pop(without, None)
    rows = (scored_rows(22), scored_rows(6, seed=1))
    return make_job(
        folder, base, options=options, rows=rows, method="regression", task=SCORED, **changes
    )


def loaded(folder: JobFolder) -> nn.Module:
    """The model as its folder says."""
    base = BaseSpec.of(folder.job.spec["base"])
    pooling = pooling_of(folder.final)
    assert pooling is not None
    if (folder.final / "config.json").is_file():
        return load_base(BaseSpec("whole", folder.final), head=ScoreHead(2, 0, pooling))
    return with_adapter(load_base(base, head=ScoreHead(2, 0, pooling)), folder.final).eval()


def error_of(model: Any, renderer: Renderer) -> float:
    """The mean absolute error on the validation rows, each text alone."""
    off: list[torch.Tensor] = []
    with torch.no_grad():
        for row in scored_rows(6, seed=1):
            found = model(input_ids=torch.tensor([renderer.text_ids(row["text"])])).logits[0]
            off.append((found - torch.tensor(row["labels"])).abs())
    return float(torch.stack(off).mean())


@pytest.mark.parametrize("is_lora", [True, False])
@pytest.mark.parametrize("pooling", ["mean", "last"])
def test_it_is_read_back_as_it_was_trained_without_being_told(
    tmp_path: Path, base: Path, pooling: str, is_lora: bool
) -> None:
    rate = 3e-3 if is_lora else 1e-3
    changes = {OPTION: pooling, "training.learning_rate": rate}
    folder = scoring_job(tmp_path / "train", base, is_lora=is_lora, **changes)
    figures = carried_out(folder)
    assert json.loads((folder.final / "hone.json").read_text())["pooling"] == pooling
    told = json.loads((folder.final / "training_metadata.json").read_text())
    assert told["pooling"] == pooling_of(folder.final) == pooling
    error = error_of(loaded(folder), Renderer.load(base))
    assert error == pytest.approx(figures["eval_mae"], rel=1e-4)


def test_a_job_that_was_planned_before_the_option_reads_the_last_token(
    tmp_path: Path, base: Path
) -> None:
    folder = scoring_job(tmp_path / "train", base, without=OPTION)
    figures = carried_out(folder)
    assert "pooling" not in json.loads((folder.final / "hone.json").read_text())
    assert pooling_of(folder.final) == "last"
    error = error_of(loaded(folder), Renderer.load(base))
    assert error == pytest.approx(figures["eval_mae"], rel=1e-4)


def test_a_trained_head_goes_on_where_it_was(tmp_path: Path, base: Path) -> None:
    first = scoring_job(tmp_path / "first", base)
    figures = carried_out(first)
    idle = {"training.max_steps": 1, "training.learning_rate": 1e-12}
    second = scoring_job(tmp_path / "second", base, adapter=str(first.final), **idle)
    assert carried_out(second)["eval_mae"] == pytest.approx(figures["eval_mae"], rel=1e-4)


def test_others_read_a_mean_with_transformers_alone(tmp_path: Path, base: Path) -> None:
    """As docs/reference/methods.md shows it."""
    rate = {"training.learning_rate": 1e-3}
    folder = scoring_job(tmp_path / "train", base, is_lora=False, **rate)
    figures = carried_out(folder)
    body = AutoModel.from_pretrained(folder.final)
    head = load_file(folder.final / "model.safetensors")["score.weight"]

    def read(input_ids: torch.Tensor) -> SimpleNamespace:
        mask = torch.ones_like(input_ids)
        states = body(input_ids=input_ids, attention_mask=mask).last_hidden_state
        mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return SimpleNamespace(logits=mean @ head.T)

    error = error_of(read, Renderer.load(base))
    assert error == pytest.approx(figures["eval_mae"], rel=1e-4)
