"""A base of state-space layers trains with an adapter, and resumes to the same bits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, FalconMambaConfig, Mamba2Config, MambaConfig

from hone.engine.load import BaseSpec, ScoreHead, load_base
from tests.engine.small import copy_rows, frozen, make_job, scored_rows
from tests.loop.kills import traces
from tests.loop.test_methods import CHANGES, SCORED, carried_out, cut_back
from tests.rendering.bases import make_base

pytestmark = pytest.mark.loop


KINDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "mamba": (MambaConfig, {"state_size": 4}),
    "mamba2": (Mamba2Config, {"state_size": 4, "num_heads": 8, "head_dim": 8, "n_groups": 2}),
    "falcon_mamba": (FalconMambaConfig, {"state_size": 4}),
}


def make_base_of(folder: Path, kind: str = "mamba") -> Path:
    make_base(folder, "qwen_style")
    tokens = json.loads((folder / "tokenizer.json").read_text())
    vocabulary = len(tokens["model"]["vocab"]) + len(tokens["added_tokens"])
    config, more = KINDS[kind]
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(
        config(vocab_size=vocabulary, hidden_size=32, num_hidden_layers=2, **more)
    ).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("is_lora", [True, False])
def test_a_head_of_scores_on_mamba_learns_and_resumes_to_the_same_bits(
    tmp_path: Path, is_lora: bool
) -> None:
    base = make_base_of(tmp_path / "mamba")
    straight = make_job(
        tmp_path / "straight",
        base,
        options=frozen(is_lora=is_lora, method="regression", **{**CHANGES, "training.epochs": 2}),
        rows=(scored_rows(18), scored_rows(4, seed=1)),
        method="regression",
        task=SCORED,
    )
    carried_out(straight)
    history = json.loads((straight.final / "training_history.json").read_text())
    assert history[-1]["train"]["mae"] < history[0]["train"]["mae"]
    resumed = cut_back(straight, tmp_path / "resumed", step=4)
    carried_out(resumed)
    assert traces(resumed) == traces(straight)


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_gets_the_same_scores_alone_and_beside_longer_ones(
    tmp_path: Path, kind: str
) -> None:
    spec = BaseSpec("states", make_base_of(tmp_path / kind, kind))
    torch.manual_seed(0)
    model = load_base(spec, head=ScoreHead(2, 0)).eval()
    texts = [torch.tensor([5, 6, 7]), torch.tensor([8, 9, 10, 11, 12, 13])]
    ids = torch.nn.utils.rnn.pad_sequence(texts, batch_first=True)
    mask = torch.tensor([[1, 1, 1, 0, 0, 0], [1] * 6])
    with torch.no_grad():
        together = model(input_ids=ids, attention_mask=mask).logits
        alone = torch.cat([model(input_ids=one[None]).logits for one in texts])
    assert together.shape == (2, 2) and torch.allclose(together, alone, atol=1e-5)
    model.save_pretrained(tmp_path / "whole")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / "whole" / name).write_bytes((spec.path / name).read_bytes())
    again = load_base(BaseSpec("whole", tmp_path / "whole"), head=ScoreHead(2, 0)).eval()
    with torch.no_grad():
        assert torch.equal(again(input_ids=ids, attention_mask=mask).logits, together)


def test_mamba_trains_and_resumes_to_the_same_bits(tmp_path: Path) -> None:
    base = make_base_of(tmp_path / "mamba")
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
