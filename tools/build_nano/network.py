"""The network of hone-nano: a stock Qwen2 model, its start values, and the Muon optimiser."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor
from transformers import Qwen2Config, Qwen2ForCausalLM

LAYERS, HIDDEN, HEADS, FEED_FORWARD, ROPE_THETA = 6, 128, 4, 512, 1000.0


def new_network(vocabulary: int, end: int, pad: int, seed: int) -> Qwen2ForCausalLM:
    """A network with the induction start: heads of layer 0 begin by looking 1, 2, 3 tokens back."""
    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=vocabulary,
        hidden_size=HIDDEN,
        intermediate_size=FEED_FORWARD,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        max_position_embeddings=2048,
        rope_parameters={"rope_type": "default", "rope_theta": ROPE_THETA},
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=end,
        pad_token_id=pad,
        use_cache=True,
    )
    network = Qwen2ForCausalLM(config)
    # Faster than fused attention on a processor at these lengths.
    network.set_attn_implementation("eager")
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if weight.ndim == 2:
                shrink = (
                    math.sqrt(2 * LAYERS)
                    if name.endswith(("o_proj.weight", "down_proj.weight"))
                    else 1.0
                )
                weight.normal_(0.0, 1.0 / math.sqrt(weight.shape[1]) / shrink)
            elif name.endswith("bias"):
                weight.zero_()
        _look_back(network)
    return network


def take_over(network: Qwen2ForCausalLM, held: dict[str, Tensor]) -> None:
    """Load weights whose feed-forward may be narrower: the new part says nothing at first.

    Its inner weights keep their start values, its output is zero, so the function stays the same.
    """
    with torch.no_grad():
        for name, fresh in network.state_dict().items():
            part = held[name]
            if name.endswith("down_proj.weight"):
                fresh.zero_()
            fresh[tuple(slice(size) for size in part.shape)] = part


def _look_back(network: Qwen2ForCausalLM, strength: float = 4.0, pairs: int = 8) -> None:
    """Set biases of layer 0 so that head h scores the token h + 1 back highest; the last is free.

    A rotary pair of frequency w turns the score of constant vectors into cos(w * distance - angle).
    """
    size = HIDDEN // HEADS
    attention = network.model.layers[0].self_attn
    query, key = attention.q_proj.bias, attention.k_proj.bias
    assert query is not None and key is not None
    for head in range(HEADS - 1):
        for pair in range(pairs):
            angle = (head + 1) * ROPE_THETA ** (-2 * pair / size)
            first, second = head * size + pair, head * size + pair + size // 2
            key[first] = strength
            query[first], query[second] = strength * math.cos(angle), -strength * math.sin(angle)


class Muon(torch.optim.Optimizer):
    """Momentum whose update of each matrix is made orthogonal (Jordan and others, 2024)."""

    def __init__(
        self, matrices: Iterable[Tensor], lr: float = 0.02, momentum: float = 0.95
    ) -> None:
        super().__init__(list(matrices), {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            shapes: dict[tuple[int, ...], list[Tensor]] = {}
            for matrix in group["params"]:
                if matrix.grad is not None:
                    shapes.setdefault(tuple(matrix.shape), []).append(matrix)
            for shape, matrices in shapes.items():
                updates = []
                for matrix in matrices:
                    kept = self.state[matrix]
                    if "momentum" not in kept:
                        kept["momentum"] = torch.zeros_like(matrix)
                    kept["momentum"].lerp_(matrix.grad, 1 - group["momentum"])
                    updates.append(matrix.grad.lerp(kept["momentum"], group["momentum"]))
                turned = _orthogonal(torch.stack(updates))
                rate = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
                for matrix, update in zip(matrices, turned, strict=True):
                    matrix.add_(update, alpha=-rate)


def _orthogonal(batch: Tensor, steps: int = 5) -> Tensor:
    """Newton-Schulz steps towards the nearest orthogonal matrices; (n, rows, columns) is kept."""
    tall = batch.shape[1] > batch.shape[2]
    now = batch.mT if tall else batch
    now = now / (now.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(steps):
        square = now @ now.mT
        now = 3.4445 * now + (-4.7750 * square + 2.0315 * square @ square) @ now
    return now.mT if tall else now


def optimisers(network: Qwen2ForCausalLM, scale: float) -> list[torch.optim.Optimizer]:
    """Muon for the layers' matrices, AdamW for the rest; `scale` multiplies both rates."""
    matrices = [w for n, w in network.named_parameters() if w.ndim == 2 and "layers" in n]
    chosen = {id(w) for w in matrices}
    rest = [w for w in network.parameters() if id(w) not in chosen]
    return [
        Muon(matrices, lr=0.012 * scale),
        torch.optim.AdamW(rest, lr=3e-3 * scale, betas=(0.9, 0.98), weight_decay=0.0),
    ]
