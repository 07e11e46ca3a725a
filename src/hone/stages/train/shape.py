"""What the memory of a training rests on: the widths of a base, read from its config.json."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from hone.workspace.bases import FoundBase
from hone.workspace.catalogue import has_gate

# Families with a norm before and after attention and MLP, and with norms of queries and keys.
FOUR_NORMS = frozenset({"gemma2", "gemma3", "gemma3_text"})
QUERY_NORMS = frozenset("apertus gemma3 gemma3_text olmo2 olmo3 qwen3".split())


class Shape(NamedTuple):
    """The widths of a decoder, in values per token, and how many weights it has."""

    parameters: int
    linear_parameters: int  # in the matrices of the layers: what LoRA adapts and 4 bits hold
    layers: int
    hidden: int
    queries: int  # heads x size of a head
    key_values: int
    mlp: int  # of a state-space layer: its inner width
    heads: int
    vocabulary: int
    normed: int  # that a layer's norms take in
    is_gated: bool = True
    states: int = 0  # of each inner value of a state-space layer; 0: the layers have attention


def shape_of(base: FoundBase) -> Shape:
    """The shape of a base; what its config.json leaves out is taken from its matrices."""
    linear = sum(outputs * inputs for _, outputs, inputs in base.layer_matrices)
    return shape_from(base.config, base.parameters, linear)


def shape_from(config: dict[str, Any], parameters: int, linear_parameters: int) -> Shape:
    """The shape that a config.json describes; names differ between families."""
    text = config.get("text_config")
    if isinstance(text, dict):
        config = {**config, **cast("dict[str, Any]", text)}

    def number(*names: str, default: int) -> int:
        for name in names:
            if isinstance(config.get(name), int):
                return int(config[name])
        return default

    hidden = number("hidden_size", "n_embd", "d_model", default=1024)
    heads = number("num_attention_heads", "n_head", default=max(1, hidden // 64))
    head_size = number("head_dim", default=max(1, hidden // heads))
    groups = number("num_key_value_heads", default=heads)
    family = str(config.get("model_type", ""))
    states = number("state_size", default=0) if "mamba" in family else 0
    normed = (4 if family in FOUR_NORMS else 1 if states else 2) * hidden
    if family in QUERY_NORMS:
        normed += (heads + groups) * head_size
    return Shape(
        parameters=parameters,
        linear_parameters=linear_parameters,
        layers=number("num_hidden_layers", "n_layer", default=24),
        hidden=hidden,
        queries=heads * head_size,
        key_values=groups * head_size,
        mlp=number("intermediate_size", "n_inner", default=(2 if states else 4) * hidden),
        heads=heads,
        vocabulary=number("vocab_size", default=32000),
        normed=normed,
        is_gated=has_gate(family),
        states=states,
    )
