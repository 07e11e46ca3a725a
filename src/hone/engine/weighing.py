"""What a model thinks of answers that are there already: how likely, or how good, each one is.

Several answers to one question are weighed in one batch where they fit, long ones first. Texts are
padded on the right, where no earlier token looks, so states and positions are those of one text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from hone.engine.answer import Answering, AnswerSpec, usable_device
from hone.engine.rewards import Answered, RewardModel
from hone.engine.threads import keep_memory
from hone.rendering.continuations import Continuation
from hone.rendering.tokens import Renderer

Weigh = Callable[[Sequence[Continuation]], list[float]]


def likelihood(spec: AnswerSpec) -> Weigh:
    """The natural log-probability of an answer after its prompt, summed over its tokens."""
    model = Answering(spec).model.eval()
    return lambda texts: _log_probabilities(model, texts)


def reward(spec: AnswerSpec) -> Weigh:
    """The number that a reward model gives; it has no scale of its own."""
    keep_memory()
    stop_id = Renderer.load(spec.base.path).stop_ids[0]
    device = usable_device(spec.device)
    model = RewardModel(spec.base, spec.adapter, device=device, stop_id=stop_id)
    return lambda texts: model([Answered(one.prompt_ids, one.answer_ids, "", "") for one in texts])


def weighed(
    weigh: Weigh, groups: Sequence[Sequence[Continuation]], batch_size: int
) -> Iterator[list[tuple[int, list[float]]]]:
    """(place, a number for each text) of each group, one list per finished batch.

    A group stays together; one that is larger than a batch is weighed in several.
    """
    lengths = [max(map(_length, group), default=0) for group in groups]
    order = sorted(range(len(groups)), key=lambda place: (-lengths[place], place))
    for places in _batches(order, groups, batch_size):
        texts = [text for place in places for text in groups[place]]
        values: list[float] = []
        for start in range(0, len(texts), batch_size):
            values += weigh(texts[start : start + batch_size])
        told = iter(values)
        yield [(place, [next(told) for _ in groups[place]]) for place in places]


def _batches(
    order: Sequence[int], groups: Sequence[Sequence[Continuation]], batch_size: int
) -> Iterator[list[int]]:
    places: list[int] = []
    count = 0
    for place in order:
        if places and count + len(groups[place]) > batch_size:
            yield places
            places, count = [], 0
        places.append(place)
        count += len(groups[place])
    if places:
        yield places


def _length(text: Continuation) -> int:
    return len(text.prompt_ids) + len(text.answer_ids)


@torch.inference_mode()
def _log_probabilities(model: nn.Module, texts: Sequence[Continuation]) -> list[float]:
    device = next(model.parameters()).device
    rows = [torch.tensor([*one.prompt_ids, *one.answer_ids]) for one in texts]
    ids = pad_sequence(rows, batch_first=True).to(device)
    ones = [torch.ones_like(row) for row in rows]
    # The token before an answer foretells its first one; what lies before needs no logits.
    first = min(len(one.prompt_ids) for one in texts) - 1
    out: Any = model(
        input_ids=ids,
        attention_mask=pad_sequence(ones, batch_first=True).to(device),
        use_cache=False,
        logits_to_keep=ids.shape[1] - first,
    )
    found: list[float] = []
    for row, text in enumerate(texts):
        begin = len(text.prompt_ids) - 1 - first
        logits = out.logits[row, begin : begin + len(text.answer_ids)].float()
        wanted = torch.tensor(text.answer_ids, device=device)
        found.append(-float(nn.functional.cross_entropy(logits, wanted, reduction="sum")))
    return found
