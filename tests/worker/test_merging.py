"""A merge keeps nothing that does not answer as the adapter does."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from transformers import AutoModelForCausalLM

from hone.engine.load import BaseSpec, load_base
from hone.engine.lora import add_adapter
from hone.errors import HoneError
from hone.records.job import Job
from hone.rendering.tokens import Renderer
from hone.worker import merge
from hone.workspace.job_folder import JobFolder
from tests.engine.small import TASK, copy_rows, hash_of, make_small_base

pytestmark = pytest.mark.loop


def rounded(folder: Path) -> Path:
    """A base in bfloat16 with large random weights: nearly every sum rounds another answer."""
    make_small_base(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(8)
    model.to(torch.bfloat16).save_pretrained(folder)
    return folder


def test_a_merge_that_answers_otherwise_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    base = rounded(tmp_path / "small")
    torch.manual_seed(1)
    given: dict[str, Any] = {"r": 4, "lora_alpha": 8, "lora_dropout": 0.0}
    model = add_adapter(load_base(BaseSpec(id="small", path=base)), target_modules="auto", **given)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            nn.init.normal_(weight, std=0.5)
    model.save_pretrained(tmp_path / "adapter")
    spec = {
        "base": {"id": "small", "path": str(base), "sha256": hash_of(base), "kind": "base"},
        "adapter": str(tmp_path / "adapter"),
        "parents": ["copy@v1"],
        "dataset": {"name": "copy@1", "sha256": "0" * 64},
        "task": TASK,
        "template": Renderer.load(base).fingerprint,
        "dtypes": ["base"],
        "max_new_tokens": 32,
        "batch_size": 8,
    }
    job = Job(id="export-1", kind="export", created_at=datetime.now(UTC), spec=spec)
    lines = "".join(json.dumps(row["prompt"]) + "\n" for row in copy_rows(24))
    folder = JobFolder.create(tmp_path / "export-1", job, inputs={"prompts.jsonl": lines})
    folder.claim()
    with pytest.raises(HoneError) as told:
        merge.carry_out(folder)
    first = told.value.message
    assert first.startswith("The merged model does not answer as its adapter does: ")
    assert first.endswith(" of 24 in bfloat16 answers differ.")
    assert "--dtype float32" in told.value.hint and not folder.final.exists()
