"""Answers by an adapter: a LoRA on the base that it was trained on.

Needs: the folder of the base, the folder of the adapter (safetensors); rendered prompts.
Gives: one answer per prompt, with the mean log-probability of its tokens.
Source: PEFT loads the adapter; in fp32 it is merged into the base, which answers a third faster.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from hone.generators._answers import Answer
from hone.generators._models import ModelOptions, answers_of, loaded
from hone.rendering.tokens import Prompt


class Options(ModelOptions):
    """Which adapter on which base, and how long its answers may become."""

    adapter: Path = Field(description="folder with adapter_model.safetensors")


LIMITS: tuple[str, ...] = (
    "Greedy answers only; nothing is sampled.",
    "One adapter at a time.",
    "Another batch size can change an answer where two tokens are equally likely to 1e-6.",
    "Devices cuda and mps are supported by the code and not tested in this version.",
)


def run(prompts: Sequence[Prompt], options: Options) -> Iterator[list[tuple[int, Answer]]]:
    """(place, answer) of each prompt, one list per finished batch; long prompts come first."""
    return answers_of(prompts, options, adapter=options.adapter)


def load(options: Options) -> tuple[Any, Any, Any]:
    """(model, tokenizer, device): the adapter on its base, ready to generate; loads torch."""
    return loaded(options, adapter=options.adapter)
