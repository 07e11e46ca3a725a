"""Estimates the memory of a training run as a range, from the base's shape alone.

A run holds, per card:

  weights      the base; in 4 bits (NF4, double quantisation) a weight of a layer takes 4.127 bits,
               those of embeddings and head stay in 2 bytes (Dettmers et al. 2023, arXiv:2305.14314)
  adapter      r x (inputs + outputs) of every adapted matrix (Hu et al. 2021, arXiv:2106.09685)
  gradients    one per trained weight
  optimizer    AdamW's two moments per trained weight: 8 bytes in fp32, 2 in 8 bits (Dettmers et al.
               2021, arXiv:2110.02861)
  activations  what the backward pass needs; counted value by value in `layer_bytes`, after
               Korthikanti et al. 2022, arXiv:2205.05198, section 4, with attention that keeps no
               matrix (Dao et al. 2022, arXiv:2205.14135). With checkpointing one hidden value per
               layer and token, and one layer in full (Chen et al. 2016, arXiv:1604.06174)
  logits       of those positions that go through the head at once; none where the loss is fused
  gathered     several cards that share the weights (FSDP): two layers, embeddings and head whole

Activations grow until the head, gradients while the activations go: a full training holds all of
the one, or all of the other and one layer's activations, whichever is more, unless gradients are
kept over several batches.

Three constants are fitted, all others counted: what the allocator reserves beyond what is allocated
(RESERVED_SHARE, RESERVED_GIB) and the spread of the activations, each on one half of published
measurements; `benchmarks/memory_estimate.py` prints them with both halves. Not covered: layers of
experts, pictures, offloading, an optimizer step inside the backward pass, attention that keeps its
matrix on a card. State-space layers are counted and never compared with a measurement.
"""

from __future__ import annotations

from typing import NamedTuple

from pydantic import BaseModel, Field

from hone.stages.train.shape import Shape

GIB = 1024**3
NF4_BYTES = 4.127 / 8
NORM_BYTES = 4  # a norm keeps its input in fp32
# Logits in fp32, log-softmax and the gradient of both, per position and entry of the vocabulary;
# where the head itself computes in 2 bytes, its output and the gradient of that as well.
LOGIT_BYTES = {4: 12, 2: 14}
GATHERED_LAYERS = 2

# Fitted: kernels that fuse, or implementations that copy, change what is kept by so much.
ACTIVATIONS_LOW, ACTIVATIONS_HIGH = 0.7, 1.3


class Overhead(NamedTuple):
    """What a process takes beyond its tensors: (low, likely, high)."""

    share: tuple[float, float, float]  # of the tensors, lost between blocks of the allocator
    reserved_gib: tuple[float, float, float]  # workspaces and what the allocator rounds up
    process_gib: tuple[float, float, float]  # Python with its libraries, or the driver's context


# Cards: share and reserve are fitted; a CUDA context takes 0.3 to 0.8 GiB (driver and card differ).
# Processors: fitted on three runs of our own, see the tests; nothing is known of mps.
OVERHEADS = {
    "cuda": Overhead((1.0, 1.08, 1.12), (0.0, 0.5, 1.5), (0.3, 0.5, 0.8)),
    "cpu": Overhead((1.0, 1.15, 1.6), (0.0, 0.5, 0.6), (0.45, 0.7, 1.1)),
    "mps": Overhead((1.0, 1.15, 1.6), (0.0, 0.5, 1.0), (0.5, 0.8, 1.2)),
}


class Load(NamedTuple):
    """What is put through the model at once, and how."""

    batch_size: int
    length: int  # tokens of the longest row; with packing, of every row
    device: str
    weight_bytes: float  # of a stored weight inside the layers: 4, 2 or NF4_BYTES
    compute_bytes: int  # of an activation: 4, or 2 in bf16
    trained_parameters: int
    is_full: bool
    is_checkpointed: bool = False
    is_accumulating: bool = False  # gradients live on over several batches
    trained_bytes: int = 4  # of an adapter's weight, and of a gradient
    moment_bytes: float = 8  # of the optimizer, per trained weight
    adapted_inputs: int = 0  # inputs of the adapted matrices, summed over all layers
    has_dropout: bool = False
    logit_positions: int = 0  # that go through the head at once; 0: the loss is fused
    logit_bytes: int = 12
    beside_bytes: float = 0.0  # of other models and of caches
    cards: int = 1


class Span(BaseModel):
    """A range in GiB, and what is likely."""

    low: float
    likely: float
    high: float


class MemoryEstimate(BaseModel):
    """Parts in GiB, and the range that they add up to, on each card."""

    weights: float
    adapter: float = Field(description="its weights; 0 for full fine-tuning")
    gradients: float
    optimizer: float
    activations: float = Field(description="with logits, as they are likely")
    gathered: float = Field(0.0, description="of other cards' shares, whole for a while")
    allocated: Span = Field(description="of tensors at the peak, as PyTorch counts them")
    reserved: Span = Field(description="with what the allocator holds beyond them")
    low: float
    likely: float
    high: float


def estimate_memory(shape: Shape, load: Load) -> MemoryEstimate:
    """The range of memory that each card needs at the peak."""
    rest = shape.parameters - shape.linear_parameters
    rest_bytes = max(2.0, load.weight_bytes)
    trained, cards = load.trained_parameters, load.cards
    weights = (shape.linear_parameters * load.weight_bytes + rest * rest_bytes) / cards
    adapter = 0.0 if load.is_full else trained * load.trained_bytes / cards
    gradients = trained * load.trained_bytes / cards
    optimizer = trained * load.moment_bytes / cards
    layer = shape.linear_parameters / shape.layers * load.weight_bytes
    gathered = (GATHERED_LAYERS * layer + rest * rest_bytes) * (1 - 1 / cards)
    activations = activation_bytes(shape, load)
    last_layer = load.batch_size * load.length * layer_bytes(shape, load)

    def allocated(factor: float) -> float:
        fixed = weights + adapter + optimizer + gathered + load.beside_bytes
        if load.is_full and not load.is_accumulating:
            return (fixed + max(activations * factor, gradients + last_layer * factor)) / GIB
        return (fixed + gradients + activations * factor) / GIB

    spread = (ACTIVATIONS_LOW, 1.0, ACTIVATIONS_HIGH)
    tensors = [allocated(factor) for factor in spread]
    over = OVERHEADS[load.device]
    reserved = [
        size * share + extra
        for size, share, extra in zip(tensors, over.share, over.reserved_gib, strict=True)
    ]
    whole = [size + process for size, process in zip(reserved, over.process_gib, strict=True)]
    return MemoryEstimate(
        weights=weights / GIB,
        adapter=adapter / GIB,
        gradients=gradients / GIB,
        optimizer=optimizer / GIB,
        activations=activations / GIB,
        gathered=gathered / GIB,
        allocated=_span(tensors),
        reserved=_span(reserved),
        low=whole[0],
        likely=whole[1],
        high=whole[2],
    )


def activation_bytes(shape: Shape, load: Load) -> float:
    """What is kept for the backward pass at its peak, logits included, in bytes."""
    tokens = load.batch_size * load.length
    layer = layer_bytes(shape, load)
    head = min(tokens, load.logit_positions) * load.logit_bytes * shape.vocabulary
    # bf16 copies of fp32 weights, made by autocast and kept until the backward pass is through.
    copies = shape.linear_parameters * 2 if load.weight_bytes > load.compute_bytes else 0
    if load.is_checkpointed:
        kept = tokens * shape.layers * shape.hidden * load.compute_bytes
        return kept + max(tokens * layer, head) + copies
    return tokens * shape.layers * layer + head + copies


def layer_bytes(shape: Shape, load: Load) -> float:
    """What one layer keeps per token, in bytes.

    Attention keeps queries, keys, values and its output; the MLP gate, up and their activation; a
    norm its input in fp32. A matrix that is trained keeps its input as well; an adapter its own
    copy of it, and with dropout the mask: a byte on a card, a number of the input's kind elsewhere.
    """
    size = load.compute_bytes
    norms = NORM_BYTES * shape.normed
    if shape.states:
        inner = _state_space_values(shape, load.device) * size
    else:
        attention = 2 * shape.queries + 2 * shape.key_values
        inner = (attention + (3 if shape.is_gated else 2) * shape.mlp) * size
    if load.is_full:
        trained = load.weight_bytes * shape.normed  # the normed values, for the norms
        trained += (2 * shape.hidden + shape.mlp) * size
        return norms + inner + trained
    mask = 0 if not load.has_dropout else 1 if load.device == "cuda" else size
    adapters = load.adapted_inputs / shape.layers * (size + mask)
    return norms + inner + adapters


def _state_space_values(shape: Shape, device: str) -> int:
    """What a layer of Mamba keeps (Gu and Dao 2023, arXiv:2312.00752).

    Its kernel recomputes the states; without it transition, input and every state are kept.
    """
    projected = 6 * shape.mlp
    return projected + (0 if device == "cuda" else 3 * shape.states * shape.mlp)


def _span(values: list[float]) -> Span:
    return Span(low=values[0], likely=values[1], high=values[2])
