"""Answers by a model: a base, or one whose every weight was fine-tuned.

Needs: a folder with config.json, safetensors and tokenizer.json; rendered prompts.
Gives: one answer per prompt, with the mean log-probability of its tokens.
Source: greedy decoding with a key-value cache; the stops are those of the base's template.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hone.generators._answers import Answer
from hone.generators._models import ModelOptions, answers_of, loaded
from hone.rendering.tokens import Prompt


class Options(ModelOptions):
    """Which model, and how long its answers may become."""


LIMITS: tuple[str, ...] = (
    "Greedy answers only; nothing is sampled.",
    "Another batch size can change an answer where two tokens are equally likely to 1e-6.",
    "Devices cuda and mps are supported by the code and not tested in this version.",
)


def run(prompts: Sequence[Prompt], options: Options) -> Iterator[list[tuple[int, Answer]]]:
    """(place, answer) of each prompt, one list per finished batch; long prompts come first."""
    return answers_of(prompts, options, adapter=None)


def load(options: Options) -> tuple[Any, Any, Any]:
    """(model, tokenizer, device): a base or a full fine-tune, ready to generate; loads torch."""
    return loaded(options, adapter=None)
