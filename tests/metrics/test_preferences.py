"""Pairs in order: shares and margins of one example."""

from __future__ import annotations

import pytest

from hone.metrics._preferences import mean_margin, share_in_order


@pytest.mark.parametrize(
    ("chosen", "rejected", "share", "margin"),
    [
        (-1.0, [-2.0], 1.0, 1.0),
        (-2.0, [-1.0], 0.0, -1.0),
        (0.5, [0.5], 0.5, 0.0),
        (1.0, [0.0, 2.0, 1.0, -3.0], 0.625, 1.0),
    ],
)
def test_each_worse_answer_counts_and_a_tie_counts_half(
    chosen: float, rejected: list[float], share: float, margin: float
) -> None:
    assert share_in_order(chosen, rejected) == share
    assert mean_margin(chosen, rejected) == margin


@pytest.mark.parametrize("figure", [share_in_order, mean_margin])
def test_a_better_answer_alone_is_no_pair(figure: object) -> None:
    with pytest.raises(ValueError, match="nothing to compare with"):
        figure(1.0, [])  # type: ignore[operator]
