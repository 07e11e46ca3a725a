"""Scores by a head of numbers: a version that the method `regression` trained.

Needs: the folder of its base, and of its adapter where it has one; bare texts, no conversation.
Gives: one answer per text: the task's dimensions as JSON, as people's labels are written.
Source: transformers' AutoModelForSequenceClassification, read as methods/regression trained it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hone.generators._answers import Answer

DIGITS = 4


class Options(BaseModel):
    """Which model, what its numbers are called, and how much of a text it reads."""

    model_config = ConfigDict(extra="forbid")

    base: Path = Field(description="folder of the base, or of a whole model with its head")
    adapter: Path | None = Field(None, description="folder with adapter_model.safetensors")
    dimensions: list[str] = Field(
        default_factory=list[str], description="names of the numbers, in the order of the head"
    )
    max_length: int = Field(512, ge=1, description="most tokens of a text, as in its training")
    batch_size: int = Field(16, ge=1, description="texts that are scored at once")
    max_new_tokens: int = Field(1, ge=1, description="not used: nothing is written word by word")
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="where it runs; auto: a card where there is one"
    )


LIMITS: tuple[str, ...] = (
    "Numbers are not held to the task's scale: a head may point beyond its ends.",
    "An empty text gets no scores.",
    "It has no confidence.",
    "Devices cuda and mps are supported by the code and not tested in this version.",
)


def run(texts: Sequence[str], options: Options) -> Iterator[list[tuple[int, Answer]]]:
    """(place, answer) of each text, one list per finished batch; long texts come first."""
    from hone.engine.numbers import HeadSpec, Scoring

    spec = HeadSpec(
        base=options.base,
        adapter=options.adapter,
        outputs=len(options.dimensions),
        max_length=options.max_length,
        batch_size=options.batch_size,
        device=options.device,
    )
    for batch in Scoring(spec).scores(texts):
        yield [(place, Answer(_text(options.dimensions, numbers))) for place, numbers in batch]


def _text(names: Sequence[str], numbers: Sequence[float]) -> str:
    if not all(map(math.isfinite, numbers)):
        return ""  # a head that gives no number has not answered
    pairs = zip(names, numbers, strict=False)
    found = {name: round(number, DIGITS) for name, number in pairs}
    return json.dumps(found, ensure_ascii=False) if found else ""
