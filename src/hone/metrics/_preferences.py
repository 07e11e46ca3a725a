"""Whether a model puts the better answer of a pair higher, and by how much.

An example with several worse answers counts once, with the share of its pairs in order, so that
intervals over examples hold. The share is what Rafailov et al. 2023, arXiv:2305.18290, and Lambert
et al. 2024, arXiv:2403.13787 ("RewardBench"), call the accuracy of a model on preferences.
"""

from __future__ import annotations

from collections.abc import Sequence


def share_in_order(chosen: float, rejected: Sequence[float]) -> float:
    """Of the worse answers, how many lie below the better one; half for a tie. 0 to 1."""
    if not rejected:
        raise ValueError("there is nothing to compare with")
    return sum(0.5 if one == chosen else float(one < chosen) for one in rejected) / len(rejected)


def mean_margin(chosen: float, rejected: Sequence[float]) -> float:
    """How far the better answer lies above the worse ones, on average; in their own unit."""
    if not rejected:
        raise ValueError("there is nothing to compare with")
    return chosen - sum(rejected) / len(rejected)
