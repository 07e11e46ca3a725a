"""Weighs answers that are there already: what a reward model gives for each one.

Needs: a version that the method `reward` trained; for each question its rendered answers.
Gives: for each answer the reward; only differences between answers to one question count.
Source: Ouyang et al. 2022, arXiv:2203.02155, section 3.5; read as methods/reward trained it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import Field

from hone.generators._models import ModelOptions, spec_of
from hone.rendering.continuations import Continuation


class Options(ModelOptions):
    """Which reward model; `max_new_tokens` is not used, for nothing is written."""

    adapter: Path | None = Field(None, description="folder with adapter_model.safetensors")
    max_length: int = Field(512, ge=1, description="most tokens of a text, as in its training")


LIMITS: tuple[str, ...] = (
    "Rewards have no scale of their own: those of two models cannot be compared as numbers.",
    "Devices cuda and mps are supported by the code and not tested in this version.",
)


def run(
    groups: Sequence[Sequence[Continuation]], options: Options
) -> Iterator[list[tuple[int, list[float]]]]:
    """(place, a number for each answer) of each question, one list per finished batch."""
    from hone.engine.weighing import reward, weighed

    return weighed(reward(spec_of(options, options.adapter)), groups, options.batch_size)
