"""A head of numbers that scores texts: loaded once, then asked in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from hone.engine.answer import usable_device
from hone.engine.load import BaseSpec, ScoreHead, load_base
from hone.engine.lora import with_adapter
from hone.engine.scoring import ScoreCollator, ScoredRow
from hone.engine.threads import keep_memory
from hone.rendering.tokens import Renderer
from hone.workspace.pooling import pooling_of


@dataclass(frozen=True)
class HeadSpec:
    """Which model scores, how many numbers it gives, and within which limits."""

    base: Path
    adapter: Path | None
    outputs: int
    max_length: int
    batch_size: int
    device: str = "auto"


class Scoring:
    """A loaded model with its head and its tokenizer."""

    def __init__(self, spec: HeadSpec) -> None:
        keep_memory()
        self._spec = spec
        self._renderer = Renderer.load(spec.base)
        # Read as it was trained to be read, which its folder says.
        pooling = pooling_of(spec.adapter or spec.base) or "last"
        stop_id = self._renderer.stop_ids[0]
        head = ScoreHead.of(spec.base, spec.outputs, stop_id, pooling)
        model: Any = load_base(
            BaseSpec(id=spec.base.name, path=spec.base),
            device=usable_device(spec.device),
            head=head,
        )
        if spec.adapter is not None:
            model = with_adapter(model, spec.adapter)
        self._model = model.eval()
        self._collate = ScoreCollator(head.pad_id)

    def scores(self, texts: Sequence[str]) -> Iterator[list[tuple[int, list[float]]]]:
        """(place, numbers) of each text, one list per finished batch; long texts come first.

        A text without a token has no numbers. What is too long loses its end, as in training.
        """
        rows = [self._renderer.text_ids(text)[: self._spec.max_length] for text in texts]
        order = sorted(range(len(rows)), key=lambda place: (-len(rows[place]), place))
        device = next(self._model.parameters()).device
        for start in range(0, len(order), self._spec.batch_size):
            places = order[start : start + self._spec.batch_size]
            full = [place for place in places if rows[place]]
            found: dict[int, list[float]] = {place: [] for place in places}
            if full:
                part: list[ScoredRow] = [{"input_ids": rows[one], "labels": [0.0]} for one in full]
                batch = self._collate(part)
                with torch.inference_mode():
                    outputs = self._model(
                        input_ids=batch["input_ids"].to(device),
                        attention_mask=batch["attention_mask"].to(device),
                        use_cache=False,
                    )
                found |= dict(zip(full, outputs.logits.float().tolist(), strict=True))
            yield [(place, found[place]) for place in places]
