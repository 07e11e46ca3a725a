"""What an answer is worth: rewards as functions, and reward models that score token ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import torch
from torch.nn.utils.rnn import pad_sequence

from hone.engine.load import BaseSpec, ScoreHead, load_base
from hone.engine.lora import with_adapter


class PromptRow(TypedDict):
    """A rendered prompt, its token ids, and the answer that people accepted, with its ids."""

    prompt: str
    prompt_ids: list[int]
    reference: str
    answer_ids: list[int]


class Answered(NamedTuple):
    """An answer that was drawn; its ids include the token that ended it."""

    prompt_ids: list[int]
    answer_ids: list[int]
    text: str
    reference: str


@dataclass(frozen=True)
class Reward:
    """A number for each answer, higher for the better one, and what it counts."""

    name: str
    weight: float
    of: Callable[[Sequence[Answered]], list[float]]


class RewardModel:
    """A trained reward model: a number for a prompt with an answer, read as it was trained."""

    def __init__(self, spec: BaseSpec, adapter: Path | None, *, device: str, stop_id: int) -> None:
        head = ScoreHead.of(spec.path, 1, stop_id)
        model: Any = load_base(spec, device=device, head=head)
        self.model = (with_adapter(model, adapter) if adapter else model).eval()
        self._device, self._pad_id = device, head.pad_id

    def __call__(self, answered: Sequence[Answered]) -> list[float]:
        """The reward of each answer."""
        rows = [torch.tensor([*one.prompt_ids, *one.answer_ids]) for one in answered]
        mask = [torch.ones_like(row) for row in rows]
        with torch.no_grad():
            found = self.model(
                input_ids=_padded(rows, self._pad_id).to(self._device),
                attention_mask=_padded(mask, 0).to(self._device),
                use_cache=False,
            ).logits
        return found[:, 0].float().tolist()


def _padded(rows: list[torch.Tensor], value: int) -> torch.Tensor:
    return pad_sequence(rows, batch_first=True, padding_value=value)


def as_function(reward: Reward) -> Callable[..., list[float]]:
    """As the library calls it: columns of the rows beside what was drawn."""

    def scored(
        completions: list[str],
        completion_ids: list[list[int]],
        prompt_ids: list[list[int]],
        reference: list[str],
        **_: Any,
    ) -> list[float]:
        parts = zip(prompt_ids, completion_ids, completions, reference, strict=True)
        return reward.of([Answered(*one) for one in parts])

    scored.__name__ = reward.name
    return scored
