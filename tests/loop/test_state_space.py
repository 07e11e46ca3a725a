"""A base of state-space layers trains with an adapter, and resumes to the same bits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import MambaConfig, MambaForCausalLM

from tests.engine.small import copy_rows, frozen, make_job
from tests.loop.kills import traces
from tests.loop.test_methods import CHANGES, carried_out, cut_back
from tests.rendering.bases import make_base

pytestmark = pytest.mark.loop


def test_mamba_trains_and_resumes_to_the_same_bits(tmp_path: Path) -> None:
    base = tmp_path / "mamba"
    make_base(base, "qwen_style")
    tokens = json.loads((base / "tokenizer.json").read_text())
    vocabulary = len(tokens["model"]["vocab"]) + len(tokens["added_tokens"])
    config = MambaConfig(vocab_size=vocabulary, hidden_size=32, num_hidden_layers=2, state_size=4)
    torch.manual_seed(0)
    MambaForCausalLM(config).save_pretrained(base)
    straight = make_job(
        tmp_path / "straight",
        base,
        options=frozen(**{**CHANGES, "training.epochs": 2}),
        rows=(copy_rows(18), copy_rows(4, seed=1)),
    )
    figures = carried_out(straight)
    told = [
        (event.model_extra or {})["values"] for event in straight.events() if event.type == "metric"
    ]
    losses = [values["eval_loss"] for values in told if "eval_loss" in values]
    assert losses[-1] < losses[0] and figures["eval_loss"] == min(losses)
    resumed = cut_back(straight, tmp_path / "resumed", step=4)
    carried_out(resumed)
    assert traces(resumed) == traces(straight)
