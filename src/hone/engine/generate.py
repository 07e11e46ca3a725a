"""Answers in batches: prompts as Hone rendered them, stops as the template has them.

Greedy, or drawn by the model's own probabilities where a temperature is given.

Prompts of similar length share a batch, padded on the left and masked there. The same prompt gets
the same answer in any batch up to rounding: sums over a padded row round differently in the last
bits, so only a near-tie between two tokens (about 1e-6 apart in fp32) can go the other way.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

STAYING_SHARE = 0.75


@dataclass(frozen=True)
class Generated:
    """Token ids of one answer without the stop token."""

    ids: list[int]
    logprob: float
    """Mean natural log-probability of the chosen tokens, the stop token among them."""
    stop_id: int | None = None
    """The token that ended it; None where the limit came first."""

    @property
    def is_complete(self) -> bool:
        """Whether a stop token came before the limit."""
        return self.stop_id is not None


@dataclass(frozen=True)
class Limits:
    """How long answers may become, and how many are made at once."""

    stop_ids: tuple[int, ...]
    max_new_tokens: int
    batch_size: int
    temperature: float = 0.0
    """0: the likeliest token each time. Above: drawn from torch's random state."""


def answers(
    model: nn.Module, prompts: Sequence[Sequence[int]], limits: Limits
) -> Iterator[list[tuple[int, Generated]]]:
    """One list of (place, answer) per finished batch; long prompts first.

    Long prompts first, because what does not fit into memory should show at once.
    """
    order = sorted(range(len(prompts)), key=lambda place: (-len(prompts[place]), place))
    model.eval()
    for start in range(0, len(order), limits.batch_size):
        places = order[start : start + limits.batch_size]
        batch = _batch(model, [prompts[place] for place in places], limits)
        yield list(zip(places, batch, strict=True))


class _Rows:
    """What is still being written: chosen tokens and log-probabilities of each row."""

    def __init__(self, count: int) -> None:
        self.ids: list[list[int]] = [[] for _ in range(count)]
        self.logprobs: list[list[float]] = [[] for _ in range(count)]
        self.stop_ids: list[int | None] = [None] * count
        self.present = list(range(count))
        """The rows in the batch, in its order; those that have ended may still be among them."""

    def add(self, tokens: Sequence[int], logprobs: Sequence[float], stops: set[int]) -> None:
        """Note one token of each row that has not ended."""
        for row, token, logprob in zip(self.present, tokens, logprobs, strict=True):
            if self.stop_ids[row] is not None:
                continue
            self.logprobs[row].append(logprob)
            if token in stops:
                self.stop_ids[row] = token
            else:
                self.ids[row].append(token)

    def going(self) -> list[int]:
        """Places in the batch of rows that go on."""
        return [place for place, row in enumerate(self.present) if self.stop_ids[row] is None]

    def leave(self, going: Sequence[int]) -> None:
        """Keep only these places in the batch."""
        self.present = [self.present[place] for place in going]

    def finished(self) -> list[Generated]:
        return [
            Generated(ids, sum(probs) / max(len(probs), 1), stop)
            for ids, probs, stop in zip(self.ids, self.logprobs, self.stop_ids, strict=True)
        ]


@torch.inference_mode()
def _batch(model: nn.Module, prompts: Sequence[Sequence[int]], limits: Limits) -> list[Generated]:
    device = next(model.parameters()).device
    ids, mask = (one.to(device) for one in _padded(prompts))
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    rows, stops, cache = _Rows(len(prompts)), set(limits.stop_ids), None
    has_states = _keeps_states(model)
    for _ in range(limits.max_new_tokens):
        given = {"input_ids": ids, "use_cache": True, "logits_to_keep": 1}
        if has_states:
            # What is padded is left out as the prompt is read; later tokens have no padding.
            first = mask if cache is None else None
            out: Any = model(**given, attention_mask=first, cache_params=cache)
            cache = out.cache_params
        else:
            out = model(**given, attention_mask=mask, position_ids=positions, past_key_values=cache)
            cache = out.past_key_values
        tokens, logprobs = _chosen(out.logits[:, -1].float(), limits.temperature)
        rows.add(tokens.tolist(), logprobs.tolist(), stops)
        going = rows.going()
        if not going:
            break
        ids, positions = tokens[:, None], positions[:, -1:] + 1
        mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
        if len(going) <= STAYING_SHARE * len(mask) and _may_leave(cache):
            # Rows that have ended leave the batch, some at a time: each leaving copies the cache.
            rows.leave(going)
            kept = torch.tensor(going, device=device)
            ids, positions, mask = ids[kept], positions[kept], mask[kept]
            cache.batch_select_indices(kept)
    return rows.finished()


def _keeps_states(model: Any) -> bool:
    """Whether the model is of state-space layers alone, which keep states instead of keys."""
    bare = model.get_base_model() if hasattr(model, "get_base_model") else model
    return "cache_params" in inspect.signature(type(bare).forward).parameters


def _may_leave(cache: Any) -> bool:
    """Whether rows can be taken out of every layer of the cache."""
    return all(hasattr(layer, "batch_select_indices") for layer in cache.layers)


def _chosen(logits: torch.Tensor, temperature: float) -> tuple[torch.Tensor, torch.Tensor]:
    """A token per row, and its log-probability at temperature 1."""
    logprobs = logits.log_softmax(-1)
    if not temperature:
        best = logprobs.max(-1)
        return best.indices, best.values
    drawn = torch.multinomial((logits / temperature).softmax(-1), 1)
    return drawn[:, 0], logprobs.gather(-1, drawn)[:, 0]


def _padded(prompts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask, padded on the left; the padding's id is never looked at."""
    longest = max(len(prompt) for prompt in prompts)
    ids = torch.zeros(len(prompts), longest, dtype=torch.long)
    mask = torch.zeros(len(prompts), longest, dtype=torch.long)
    for place, prompt in enumerate(prompts):
        ids[place, longest - len(prompt) :] = torch.tensor(prompt)
        mask[place, longest - len(prompt) :] = 1
    return ids, mask
