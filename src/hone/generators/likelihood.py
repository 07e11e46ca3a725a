"""Weighs answers that are there already: how likely a model finds each one.

Needs: a base, or an adapter on its base (safetensors); for each question its rendered answers.
Gives: for each answer the natural log-probability of its tokens after the prompt, summed.
Source: the quantity that direct preference optimisation raises and lowers, Rafailov et al. 2023,
    arXiv:2305.18290, section 4, without the reference model's share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import Field

from hone.generators._models import ModelOptions, spec_of
from hone.rendering.continuations import Continuation


class Options(ModelOptions):
    """Which model weighs; `max_new_tokens` is not used, for nothing is written."""

    adapter: Path | None = Field(None, description="folder with adapter_model.safetensors")


LIMITS: tuple[str, ...] = (
    "A long answer is less likely than a short one as good: look at the figure per token as well.",
    "Devices cuda and mps are supported by the code and not tested in this version.",
)


def run(
    groups: Sequence[Sequence[Continuation]], options: Options
) -> Iterator[list[tuple[int, list[float]]]]:
    """(place, a number for each answer) of each question, one list per finished batch."""
    from hone.engine.weighing import likelihood, weighed

    return weighed(likelihood(spec_of(options, options.adapter)), groups, options.batch_size)
