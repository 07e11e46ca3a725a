"""Open bases that Hone knows by name, and the tensors that a config.json describes.

A plan needs no weights: for a base that is not on this machine yet, the catalogue's numbers, or
those of a config.json alone, tell how large every tensor is.
"""

from __future__ import annotations

import difflib
import re
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hone.workspace.yaml_file import read_yaml

CATALOGUE = Path(__file__).parent.parent / "bundled" / "catalogue.yaml"
# How hub names say that the weights are rounded; the name before it is the one to train.
_QUANTISED = re.compile(
    r"[-_.](quantized[-_.])?(AWQ|GPTQ|GGUF|EXL[23]|HQQ|AQLM|MLX|NVFP4|MXFP4|FP8|W[48]A(8|16)"
    r"|bnb[-_][48]bit|[2-8]bit|int[48]|[iq][48])(?![a-z]).*$",
    re.I,
)


class Chat(BaseModel):
    """How a family marks up a conversation."""

    model_config = ConfigDict(extra="forbid")

    name: str
    system: bool = Field(description="whether there is a turn of its own for the system text")
    stops: list[str] = Field(description="what ends an answer")


class CataloguedBase(BaseModel):
    """A base of the catalogue; an absent licence or gate is one that could not be confirmed."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(description="on the hub")
    also: list[str] = Field(default_factory=list, description="other checkpoints of this shape")
    licence: str | None = Field(None, description="the hub's name of it")
    gated: bool | None = Field(None, description="whether terms must be accepted on the hub")
    parameters: int
    chat: Chat | None = Field(None, description="none where the base was not taught to chat")
    config: dict[str, Any] = Field(description="the numbers of its config.json")
    source: list[str] = Field(description="what its numbers were compared with")

    @property
    def context(self) -> int | None:
        """The longest row in tokens; None where nothing limits it."""
        return self.config.get("max_position_embeddings")


@cache
def catalogue() -> tuple[CataloguedBase, ...]:
    """Every base of the catalogue, in the order of its file."""
    written = read_yaml(CATALOGUE)
    chats = {name: Chat(name=name, **facts) for name, facts in written["chats"].items()}
    return tuple(
        CataloguedBase.model_validate({**entry, "chat": chats.get(entry.get("chat", ""))})
        for entry in written["bases"]
    )


def catalogued(name: str) -> CataloguedBase | None:
    """The entry of that hub id, or of another checkpoint of its shape."""
    return next((one for one in catalogue() if name == one.id or name in one.also), None)


def known_near(name: str) -> str | None:
    """The catalogued id that is likely meant, also where only its last part was written."""
    ids = [id for one in catalogue() for id in (one.id, *one.also)]
    by_end = {_end(id): id for id in ids}
    if _end(name) in by_end:
        return by_end[_end(name)]
    close = difflib.get_close_matches(_end(name), list(by_end), n=1, cutoff=0.75)
    return by_end[close[0]] if close else None


def unquantised(name: str) -> str | None:
    """The base that a name of rounded weights stands for; None where the name says none."""
    plain = _QUANTISED.sub("", name)
    if plain == name:
        return None
    # Rounded copies are mostly published by others: the catalogue knows whose the base is.
    same = [id for one in catalogue() for id in (one.id, *one.also) if _end(id) == _end(plain)]
    return same[0] if same else plain


def tensor_shapes(config: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Name -> shape of every tensor of the model that this config.json describes.

    Decoders with attention, with or without a gate, and Mamba. Small tensors of other families
    (biases, extra norms) may be missing: less than one in a thousand weights.
    """
    hidden, vocabulary = config["hidden_size"], config["vocab_size"]
    found: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (vocabulary, hidden)}
    family = str(config.get("model_type", ""))
    layer = _state_space_layer(config) if "mamba" in family else _attention_layer(config)
    for number in range(config["num_hidden_layers"]):
        found |= {f"model.layers.{number}.{name}": shape for name, shape in layer.items()}
    found["model.norm.weight"] = (hidden,)
    if not config.get("tie_word_embeddings", True):
        found["lm_head.weight"] = (vocabulary, hidden)
    return found


def _attention_layer(config: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    hidden, mlp = config["hidden_size"], config["intermediate_size"]
    heads, family = config["num_attention_heads"], str(config.get("model_type", ""))
    size = config.get("head_dim") or hidden // heads
    queries, others = heads * size, config.get("num_key_value_heads", heads) * size
    layer: dict[str, tuple[int, ...]] = {
        "input_layernorm.weight": (hidden,),
        "post_attention_layernorm.weight": (hidden,),
        "self_attn.o_proj.weight": (hidden, queries),
        "mlp.down_proj.weight": (hidden, mlp),
    }
    if family == "phi3":
        layer["self_attn.qkv_proj.weight"] = (queries + 2 * others, hidden)
        layer["mlp.gate_up_proj.weight"] = (2 * mlp, hidden)
        return layer
    for name, width in (("q", queries), ("k", others), ("v", others)):
        layer[f"self_attn.{name}_proj.weight"] = (width, hidden)
        if family == "qwen2":
            layer[f"self_attn.{name}_proj.bias"] = (width,)
    layer["mlp.up_proj.weight"] = (mlp, hidden)
    if has_gate(family):
        layer["mlp.gate_proj.weight"] = (mlp, hidden)
    if family == "qwen3":
        layer |= {"self_attn.q_norm.weight": (size,), "self_attn.k_norm.weight": (size,)}
    if family == "gemma2":
        layer["pre_feedforward_layernorm.weight"] = (hidden,)
        layer["post_feedforward_layernorm.weight"] = (hidden,)
    return layer


def _state_space_layer(config: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    states, rank = config["state_size"], config["time_step_rank"]
    return {
        "norm.weight": (hidden,),
        "mixer.in_proj.weight": (2 * inner, hidden),
        "mixer.conv1d.weight": (inner, 1, config["conv_kernel"]),
        "mixer.conv1d.bias": (inner,),
        "mixer.x_proj.weight": (rank + 2 * states, inner),
        "mixer.dt_proj.weight": (inner, rank),
        "mixer.dt_proj.bias": (inner,),
        "mixer.A_log": (inner, states),
        "mixer.D": (inner,),
        "mixer.out_proj.weight": (hidden, inner),
    }


def has_gate(family: str) -> bool:
    """Whether the MLP of this `model_type` has a gate beside its upward matrix."""
    return family not in _WITHOUT_GATE


_WITHOUT_GATE = frozenset(
    "apertus arcee bloom codegen falcon gpt2 gpt_bigcode gpt_neo gpt_neox gptj mpt nemotron opt "
    "phi starcoder2".split()
)


def _end(id: str) -> str:
    return id.rpartition("/")[2].lower()
