"""Heads of numbers beyond those of the library: of state-space layers, and over a text's mean.

Those of state-space layers are registered with `AutoModelForSequenceClassification`, so that they
are built, saved and read back as those of every other base. Padding stands on the right, where no
state has seen it yet.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import nn
from transformers import (
    AutoModelForSequenceClassification,
    FalconMambaConfig,
    Mamba2Config,
    MambaConfig,
)
from transformers.modeling_layers import GenericForSequenceClassification
from transformers.modeling_outputs import SequenceClassifierOutput
from transformers.models.falcon_mamba.modeling_falcon_mamba import FalconMambaPreTrainedModel
from transformers.models.mamba.modeling_mamba import MambaPreTrainedModel
from transformers.models.mamba2.modeling_mamba2 import Mamba2PreTrainedModel

from hone.errors import InvalidInput


class _StateScores(GenericForSequenceClassification):
    """`score` over the last token that is no padding: (rows, numbers)."""

    base_model_prefix = "backbone"

    backbone: Any
    score: Any

    def forward(  # type: ignore[override]
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None, **_: Any
    ) -> SequenceClassifierOutput:
        """Numbers for each text; other arguments belong to attention and are not looked at."""
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        found: Any = self.backbone(input_ids, attention_mask=mask, use_cache=False)
        scores = self.score(found.last_hidden_state)
        rows = torch.arange(len(scores), device=scores.device)
        return SequenceClassifierOutput(logits=scores[rows, mask.sum(-1) - 1])


class MambaScores(_StateScores, MambaPreTrainedModel):
    """Mamba with a head of numbers."""


class Mamba2Scores(_StateScores, Mamba2PreTrainedModel):
    """Mamba-2 with a head of numbers."""


class FalconMambaScores(_StateScores, FalconMambaPreTrainedModel):
    """Falcon-Mamba with a head of numbers."""


def register_heads() -> None:
    """Make the library find these heads; may be called again."""
    for config, model in (
        (MambaConfig, MambaScores),
        (Mamba2Config, Mamba2Scores),
        (FalconMambaConfig, FalconMambaScores),
    ):
        AutoModelForSequenceClassification.register(config, model, exist_ok=True)


class _MeanScores:
    """`score` over the mean of the last layer's states: (rows, numbers).

    The head is linear and has no bias, so the mean of the states gives the mean of the numbers.
    """

    base_model_prefix: str
    score: Any

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None, **_: Any
    ) -> SequenceClassifierOutput:
        """Numbers for each text; a mask of 0 is padding, other arguments are not looked at."""
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        body: Any = getattr(self, self.base_model_prefix)
        found: Any = body(input_ids, attention_mask=mask, use_cache=False)
        return SequenceClassifierOutput(
            logits=self.score(mean_state(found.last_hidden_state, mask))
        )


def mean_state(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The mean over the tokens whose mask is 1: (rows, tokens, size) -> (rows, size).

    Summed in fp32, for bf16 loses what a long text adds. Source: Reimers and Gurevych 2019,
    arXiv:1908.10084, section 3.
    """
    weights = mask.to(torch.float32)[..., None]
    total = (states.float() * weights).sum(1)
    return (total / weights.sum(1).clamp(min=1)).to(states.dtype)


def read_the_mean(model: Any) -> None:
    """Let the model's head read the mean of all tokens instead of the last one's state.

    Only how it computes changes, no weight and no name of one. InvalidInput for a base whose head
    is not one linear layer over the states.
    """
    if not isinstance(getattr(model, "score", None), nn.Linear):
        raise InvalidInput(
            f"The head of a {model.config.model_type} model cannot read the mean of a text.",
            hint="--set training.pooling=last",
        )
    model.__class__ = _reading_the_mean(type(model))


@cache
def _reading_the_mean(kind: type) -> type:
    # The same name: it stands in the saved configuration, where others look for it.
    return type(kind.__name__, (_MeanScores, kind), {"__module__": kind.__module__})
