"""Heads of numbers for bases that the library has none for: those of state-space layers.

Registered with `AutoModelForSequenceClassification`, so that they are built, saved and read back as
those of every other base. Padding stands on the right, where no state has seen it yet.
"""

from __future__ import annotations

from typing import Any

import torch
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
