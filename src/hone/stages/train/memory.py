"""Estimates the memory of a training run as a range, from the base's shapes alone.

The sum of
  weights      parameters x bytes of the type
  adapter      sum over adapted matrices of r x (inputs + outputs), in fp32
  gradients    4 bytes per trained weight (2 where the weights train in bf16)
  optimizer    AdamW keeps two fp32 moments: 8 bytes per trained weight
  activations  per layer and token: 8 hidden + 2 keys/values + 4 MLP values kept for the backward
               pass (Korthikanti et al. 2022, arXiv:2205.05198, section 4, counted for a gated MLP
               with attention that keeps no matrix); with checkpointing one hidden value per layer
               and one layer in full
  adapters     per adapted matrix and token: the dropped-out input and its mask, and the output
  logits       per token 4 to 8 values of the vocabulary's size in fp32: logits, their shifted copy,
               log-softmax, and the gradients of these
  process      Python with torch, transformers and peft, and the driver's context on a card

The low end assumes that buffers are reused well, the high end adds fragmentation and, for
attention that keeps its matrix, heads x length values per token and layer. Not covered: packing,
several cards, quantised weights. Checked on a processor with a base of 35M weights (batch 8 of 358
tokens, peak of the process): LoRA 3.9 GiB for 2.7 to 6.1, full 3.0 for 2.6 to 4.9, LoRA with
checkpointing 2.4 for 1.5 to 3.4. Not checked on a card.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import BaseModel, Field

GIB = 1024**3
# Resident size of a worker before any weights: measured 0.48 GiB in a small run, up to 1.0 GB with
# allocator pools (CPU); on a card about 0.5 GB of context and libraries' workspaces.
PROCESS_GIB = {"cpu": (0.45, 1.1), "cuda": (0.5, 1.2), "mps": (0.6, 1.2)}
FRAGMENTATION = 1.25


class Shape(NamedTuple):
    """What the estimate needs of a base."""

    parameters: int
    hidden: int
    key_value: int
    mlp: int
    layers: int
    heads: int
    vocabulary: int


class Load(NamedTuple):
    """What is put through the model at once, and how."""

    batch_size: int
    length: int
    weight_bytes: int
    trained_parameters: int
    is_full: bool
    is_checkpointed: bool
    device: str
    adapted_inputs: int = 0  # summed over the adapted matrices of all layers
    adapted_outputs: int = 0


class MemoryEstimate(BaseModel):
    """Parts in GiB and the range that they add up to."""

    weights: float
    adapter: float = Field(description="its weights; 0 for full fine-tuning")
    gradients: float
    optimizer: float
    activations_low: float
    activations_high: float
    low: float
    high: float


def shape_of(parameters: int, config: dict[str, Any]) -> Shape:
    """The shape that a config.json describes; names differ between families."""
    text = config.get("text_config")
    if isinstance(text, dict):
        config = {**config, **text}

    def number(*names: str, default: int) -> int:
        for name in names:
            if isinstance(config.get(name), int):
                return int(config[name])
        return default

    hidden = number("hidden_size", "n_embd", "d_model", default=1024)
    heads = number("num_attention_heads", "n_head", default=max(1, hidden // 64))
    groups = number("num_key_value_heads", default=heads)
    head_size = number("head_dim", default=max(1, hidden // heads))
    return Shape(
        parameters=parameters,
        hidden=hidden,
        key_value=groups * head_size,
        mlp=number("intermediate_size", "n_inner", default=4 * hidden),
        layers=number("num_hidden_layers", "n_layer", default=24),
        heads=heads,
        vocabulary=number("vocab_size", default=32000),
    )


def estimate_memory(shape: Shape, load: Load) -> MemoryEstimate:
    """The range of memory that the run needs at its peak."""
    trained = load.trained_parameters
    weights = shape.parameters * load.weight_bytes
    adapter = 0 if load.is_full else trained * 4
    gradients = trained * (load.weight_bytes if load.is_full else 4)
    optimizer = trained * 8
    low_activations = _activations(shape, load, keeps_matrix=False)
    high_activations = _activations(shape, load, keeps_matrix=True) * FRAGMENTATION
    fixed = weights + adapter + gradients + optimizer
    process_low, process_high = PROCESS_GIB[load.device]
    return MemoryEstimate(
        weights=weights / GIB,
        adapter=adapter / GIB,
        gradients=gradients / GIB,
        optimizer=optimizer / GIB,
        activations_low=low_activations / GIB,
        activations_high=high_activations / GIB,
        low=(fixed + low_activations) / GIB + process_low,
        high=(fixed * 1.05 + high_activations) / GIB + process_high,
    )


def _activations(shape: Shape, load: Load, *, keeps_matrix: bool) -> float:
    tokens = load.batch_size * load.length
    # Autocast or bf16 weights keep 2-byte activations; fp32 keeps 4.
    size = load.weight_bytes
    per_layer = (8 * shape.hidden + 2 * shape.key_value + 4 * shape.mlp) * size
    adapters = load.adapted_inputs * (size + 1)
    if keeps_matrix:
        per_layer += 2 * shape.heads * load.length * size
        adapters = (2 * load.adapted_inputs + load.adapted_outputs) * size
    per_layer += adapters / shape.layers
    kept = shape.layers * per_layer
    if load.is_checkpointed:
        kept = shape.layers * shape.hidden * size + per_layer
    logits = (8 if keeps_matrix else 4) * shape.vocabulary * 4
    return tokens * (kept + logits)
