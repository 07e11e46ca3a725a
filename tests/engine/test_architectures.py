"""Adapters on every family of bases: each adapted layer learns, the head does not."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers

from hone.engine.generate import Limits, answers
from hone.engine.heads import register_heads
from hone.engine.lora import add_adapter, target_names
from hone.errors import InvalidInput

WIDE = {
    "vocab_size": 64,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 48,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
}
GEMMA = {**WIDE, "head_dim": 8, "sliding_window": 16}
STATES = {"vocab_size": 64, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 4}
JAMBA = {**WIDE, "attn_layer_period": 2, "attn_layer_offset": 1, "num_experts": 1}
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "qwen2": ("Qwen2", WIDE),
    "qwen3": ("Qwen3", {**WIDE, "head_dim": 8}),
    "llama": ("Llama", WIDE),
    "mistral": ("Mistral", WIDE),
    "gemma2": ("Gemma2", GEMMA),
    "gemma3": ("Gemma3", GEMMA),
    "phi3": ("Phi3", WIDE),
    "gpt2": ("GPT2", {"vocab_size": 64, "n_embd": 32, "n_layer": 2, "n_head": 4}),
    "gpt_neox": ("GPTNeoX", {**WIDE, "num_key_value_heads": None}),
    "falcon": ("Falcon", {**WIDE, "num_key_value_heads": None, "intermediate_size": None}),
    "mamba": ("Mamba", {**STATES, "time_step_rank": 4}),
    "falcon_mamba": ("FalconMamba", {**STATES, "time_step_rank": 4}),
    "mamba2": ("Mamba2", {**STATES, "num_heads": 8, "head_dim": 8, "n_groups": 2}),
    "jamba": ("Jamba", {**JAMBA, "mamba_d_state": 4, "mamba_dt_rank": 4}),
}
ENDS = {
    "gpt2": {"c_attn", "c_proj", "c_fc"},
    "phi3": {"qkv_proj", "o_proj", "gate_up_proj", "down_proj"},
    "mamba": {"in_proj"},
    "falcon_mamba": {"in_proj"},
    "mamba2": {"in_proj"},
}


def tiny(name: str) -> Any:
    prefix, given = MODELS[name]
    text = "TextConfig" if name == "gemma3" else "Config"
    known = {key: value for key, value in given.items() if value is not None}
    config = getattr(transformers, f"{prefix}{text}")(**known)
    torch.manual_seed(0)
    return transformers.AutoModelForCausalLM.from_config(config).eval()


@pytest.mark.parametrize("name", MODELS)
def test_every_adapted_layer_gets_a_gradient_and_the_head_none(name: str) -> None:
    model = tiny(name)
    names = target_names(model, "auto")
    assert names and not any("head" in one or "embed" in one for one in names)
    if name in ENDS:
        assert {one.rpartition(".")[2] for one in names} == ENDS[name]
    adapted = add_adapter(model, r=2, lora_alpha=4, lora_dropout=0.0, target_modules="auto")
    ids = torch.randint(1, 64, (2, 10))
    adapted.train()
    adapted(input_ids=ids, labels=ids, use_cache=False).loss.backward()
    trained = {key: one for key, one in adapted.named_parameters() if one.requires_grad}
    assert trained and all("lora_" in key for key in trained)
    idle = [
        key
        for key, one in trained.items()
        # The first matrix of a fresh adapter waits for the second, which begins at 0.
        if "lora_B" in key and (one.grad is None or not one.grad.abs().sum())
    ]
    assert not idle


@pytest.mark.parametrize("name", MODELS)
def test_a_head_of_scores_learns_beside_an_adapter(name: str) -> None:
    register_heads()
    config = tiny(name).config
    config.num_labels, config.get_text_config().pad_token_id = 2, 0
    torch.manual_seed(0)
    model = transformers.AutoModelForSequenceClassification.from_config(config)
    adapted = add_adapter(model, r=2, lora_alpha=4, lora_dropout=0.0, target_modules="auto")
    ids, mask = torch.randint(1, 64, (2, 10)), torch.ones(2, 10, dtype=torch.long)
    adapted.train()
    scores = adapted(input_ids=ids, attention_mask=mask, use_cache=False).logits
    assert scores.shape == (2, 2)
    scores.sum().backward()
    heads = [one for key, one in adapted.named_parameters() if "score" in key and one.requires_grad]
    assert len(heads) == 1 and heads[0].grad is not None and heads[0].grad.abs().sum() > 0


@pytest.mark.parametrize("name", ["mamba", "falcon_mamba", "mamba2", "jamba", "qwen3", "gpt2"])
def test_batches_with_padding_give_the_answers_of_single_prompts(name: str) -> None:
    model = tiny(name)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() == 2:
                weight.mul_(3)
    prompts = [[5, 9, 7], [8, 3, 12, 40, 22, 9, 11], [17], [33, 2, 60, 18]]

    def said(size: int) -> list[list[int]]:
        found = dict(
            pair for batch in answers(model, prompts, Limits((), 6, size)) for pair in batch
        )
        return [found[place].ids for place in range(len(prompts))]

    assert said(4) == said(1)


def test_a_layer_that_is_read_past_cannot_be_adapted() -> None:
    with pytest.raises(InvalidInput, match=r"an adapter there would learn nothing"):
        target_names(tiny("mamba"), ["in_proj", "dt_proj"])
