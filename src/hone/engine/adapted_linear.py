"""A linear layer with its low-rank adapter as one operation, for training on a processor.

PEFT composes it of eight: a mask drawn for every input, three products, a scaling, two sums. Here
the scaled product is added where the base's product already stands, forward and backward, and
dropout draws only the inputs that it sets to 0: a twentieth of them at its default. Everything is
computed from the same weights by the same formula; the order of the sums differs, and so do the
random numbers.

Source: LoRA, Hu et al. 2021, arXiv:2106.09685; gaps between rare successes are geometric, Devroye
1986, Non-Uniform Random Variate Generation, chapter X.2.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from peft.tuners.lora import Linear
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn import functional

# Where more inputs are dropped, drawing a number for each of them is the faster way.
RARE = 0.2


def quicken(model: nn.Module) -> int:
    """Let the adapted layers train as one operation where they can; returns how many do.

    They can where everything is 32-bit floats on a processor, the base's weight stays as it is,
    and the adapter is plain (no DoRA, no bias of its own).
    """
    layers = [layer for layer in model.modules() if type(layer) is Linear and _is_plain(layer)]
    for layer in layers:
        layer.__class__ = AdaptedLinear  # the same weights under the same names
    return len(layers)


class AdaptedLinear(Linear):
    """PEFT's layer but for its pass while training; evaluation, merging, saving are PEFT's own."""

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """`x`: (..., inputs) to (..., outputs)."""
        is_usual = self.training and not (args or kwargs or self.disable_adapters or self.merged)
        is_float = x.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")
        if not (is_usual and is_float and x.device.type == "cpu"):
            return super().forward(x, *args, **kwargs)
        name = self.active_adapters[0]
        base: Any = self.get_base_layer()
        share = float(getattr(self.lora_dropout[name], "p", 0.0))
        weights = (base.weight, base.bias, self.lora_A[name].weight, self.lora_B[name].weight)
        out: Tensor = _Product.apply(x, *weights, _Adding(float(self.scaling[name]), share))
        return out


class _Adding(NamedTuple):
    """How much of the adapter's product is added, and which share of its inputs is dropped."""

    scaling: float
    dropped: float

    @property
    def factor(self) -> float:
        """What is kept is enlarged by as much as is dropped."""
        return self.scaling / (1 - self.dropped)


class _Product(Function):
    @staticmethod
    def forward(ctx: Any, *given: Any) -> Tensor:
        x, weight, bias, down, up, adding = given
        rows = x.reshape(-1, x.shape[-1])
        seen, zeros = rows, None
        if adding.dropped:
            zeros = drawn(rows.numel(), adding.dropped)
            seen = rows.clone()
            seen.view(-1).index_fill_(0, zeros, 0.0)
        out = functional.linear(rows, weight, bias)
        inner = seen @ down.t()
        out.addmm_(inner, up.t(), alpha=adding.factor)
        ctx.save_for_backward(weight, down, up, seen, inner, zeros)
        ctx.factor, ctx.shape = adding.factor, x.shape
        return out.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        weight, down, up, seen, inner, zeros = ctx.saved_tensors
        rows = gradients[0].reshape(-1, gradients[0].shape[-1])
        # Written so that the short side is never the one that is strided: up to six times faster.
        of_up = (inner.t() @ rows).mul_(ctx.factor).t()
        of_inner = functional.linear(rows, up.t().contiguous()).mul_(ctx.factor)
        of_down = of_inner.t() @ seen
        of_x = None
        if ctx.needs_input_grad[0]:
            of_x = of_inner @ down
            if zeros is not None:
                of_x.view(-1).index_fill_(0, zeros, 0.0)
            of_x = of_x.addmm_(rows, weight).view(ctx.shape)
        return of_x, None, None, of_down, of_up, None


def drawn(count: int, share: float) -> Tensor:
    """Positions below `count`, rising, each drawn with the probability `share` on its own."""
    if share > RARE:
        return torch.nonzero(torch.rand(count) < share).view(-1)
    # Six deviations more than are expected: a second draw is needed once in a billion times.
    at_once = int(count * share + 6 * math.sqrt(count * share) + 16)
    found = torch.zeros(0, dtype=torch.int64)
    last = -1
    while last < count:
        gaps = torch.empty(at_once, dtype=torch.float64).geometric_(share)
        further = gaps.clamp_(max=count + 1).long().cumsum_(0).add_(last)
        found = torch.cat((found, further))
        last = int(further[-1])
    return found[: int(torch.searchsorted(found, count))]


def _is_plain(layer: Linear) -> bool:
    names = layer.active_adapters
    base: Any = layer.get_base_layer()
    if len(names) != 1 or names[0] not in layer.lora_A or type(base) is not nn.Linear:
        return False
    if names[0] in layer.lora_variant or layer.fan_in_fan_out or base.weight.requires_grad:
        return False
    parts: tuple[Any, Any] = (layer.lora_A[names[0]], layer.lora_B[names[0]])
    tensors = (base.weight, parts[0].weight, parts[1].weight)
    return all(
        tensor.dtype == torch.float32 and tensor.device.type == "cpu" for tensor in tensors
    ) and not any(part.bias is not None for part in parts)
