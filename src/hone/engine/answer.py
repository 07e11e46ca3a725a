"""A model that answers rendered prompts: loaded once, then asked in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn

from hone.engine.generate import Generated, Limits, answers
from hone.engine.load import BaseSpec, load_base
from hone.engine.lora import with_adapter
from hone.engine.threads import keep_memory
from hone.rendering.tokens import Prompt, Renderer


@dataclass(frozen=True)
class AnswerSpec:
    """Which model answers, and within which limits."""

    base: BaseSpec
    adapter: Path | None
    max_new_tokens: int
    batch_size: int
    device: str = "auto"
    dtype: str = "float32"


class Answering:
    """A loaded model with its stops and its tokenizer."""

    def __init__(self, spec: AnswerSpec) -> None:
        keep_memory()
        renderer = Renderer.load(spec.base.path)
        device = usable_device(spec.device)
        self.model: nn.Module = load_base(spec.base, dtype=spec.dtype, device=device)
        if spec.adapter is not None:
            adapted = with_adapter(self.model, spec.adapter)  # type: ignore[arg-type]
            # In fp32 a merged adapter differs by rounding alone and answers a third faster.
            self.model = _merged(adapted) if spec.dtype == "float32" else adapted
        self._tokenizer = Tokenizer.from_file(str(spec.base.path / "tokenizer.json"))
        self._limits = Limits(renderer.stop_ids, spec.max_new_tokens, spec.batch_size)

    def answers(self, prompts: Sequence[Prompt]) -> Iterator[list[tuple[int, str, Generated]]]:
        """(place, text, tokens) of each answer, one list per finished batch."""
        for batch in answers(self.model, [prompt.ids for prompt in prompts], self._limits):
            yield [(place, self.text_of(one.ids), one) for place, one in batch]

    def text_of(self, ids: Sequence[int]) -> str:
        """The text of an answer; white space around it is the template's, not the answer's."""
        return self._tokenizer.decode(list(ids), skip_special_tokens=True).strip()


def usable_device(wanted: str) -> str:
    """The device itself, or for "auto" the best one here."""
    if wanted != "auto":
        return wanted
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _merged(model: Any) -> nn.Module:
    return model.merge_and_unload()
