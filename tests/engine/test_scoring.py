"""What a head of scores is told: squared or Huber errors, weighed by dimension, by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from hone.engine.scoring import Scale, ScoreTrainer

GIVEN = torch.tensor([[1.0, 4.0], [2.0, 0.0]])
WANTED = torch.tensor([[2.0, 4.0], [2.0, 3.0]])  # errors: 1 and 0, 0 and 3


def loss_of(weights: tuple[float, float], delta: float | None) -> float:
    trainer = ScoreTrainer.__new__(ScoreTrainer)
    trainer.scale = Scale(("agency", "progress"), weights, delta)

    class Fixed(torch.nn.Module):
        def forward(self, **_: Any) -> Any:
            return SimpleNamespace(logits=GIVEN)

    batch = {"input_ids": torch.ones(2, 1), "attention_mask": torch.ones(2, 1), "labels": WANTED}
    return float(trainer.compute_loss(Fixed().eval(), batch))


@pytest.mark.parametrize(
    ("weights", "delta", "expected"),
    [
        ((1, 1), None, (1 + 0 + 0 + 9) / 4),
        ((3, 1), None, (3 * 1 + 9) / (4 * 2)),
        ((1, 0), None, 1 / 2),
        # Huber with delta 1: e^2 / 2 up to 1, then |e| - 1/2.
        ((1, 1), 1.0, (0.5 + 2.5) / 4),
        ((1, 3), 2.0, (0.5 + 3 * 2.0 * (3 - 1)) / (4 * 2)),
    ],
)
def test_errors_are_weighed_as_written(
    weights: tuple[float, float], delta: float | None, expected: float
) -> None:
    assert loss_of(weights, delta) == pytest.approx(expected)
