"""Two contenders on the same examples: interval, exact test, and how many examples would tell.

Scores lie in 0 to 1, so differences in -1 to 1. Examples count as independent; rows of one group
(a thread, a document) are not, and intervals are then too narrow.
Source: Efron 1987 (BCa); Bonett and Price 2012, "Adjusted Wald confidence interval for a
difference of binomial proportions based on paired data"; Fisher 1935, "The Design of Experiments"
(sign flips); McNemar 1947 (wins against losses); Holm 1979.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from hone.metrics._intervals import (
    FEW_DISTINCT,
    VALUES_HELD,
    Interval,
    bootstrap_mean,
)

# Up to so many differing examples every choice of signs is looked at: 65,536.
ALL_SIGNS = 16
FLIPS = 9999
# Above, the sum of random signs is normal to within what the test could show.
MANY = 5000
# Smaller than this is rounding, not a difference.
LEAST_EFFECT = 1e-6

_NORMAL = NormalDist()


class Tally(NamedTuple):
    """On how many examples the first was better, worse, the same."""

    wins: int
    losses: int
    ties: int


def tally(differences: np.ndarray) -> Tally:
    """Wins, losses and ties of the first, from its score minus the other's."""
    wins, losses = int((differences > 0).sum()), int((differences < 0).sum())
    return Tally(wins, losses, len(differences) - wins - losses)


def paired_interval(
    differences: np.ndarray, *, confidence: float = 0.95, seed: int = 0
) -> Interval:
    """The mean difference of scores, with an interval that also holds where most examples tie.

    The BCa bootstrap, widened to the interval of Bonett and Price, which counts one win and one
    loss more than there were: resampling cannot show a loss that the sample happens to lack.
    So two contenders with equal scores on 24 examples are not proven equal.
    """
    bootstrapped = bootstrap_mean(differences, confidence=confidence, seed=seed)
    adjusted = np.concatenate((differences, (1.0, -1.0)))
    middle = float(adjusted.mean())
    reach = _z(confidence) * float(adjusted.std()) / math.sqrt(len(adjusted))
    return Interval(
        bootstrapped.value,
        max(-1.0, min(bootstrapped.low, middle - reach)),
        min(1.0, max(bootstrapped.high, middle + reach)),
    )


def sign_test(wins: int, losses: int) -> float:
    """Two-sided p of so many wins against losses were both equally likely (McNemar, exact)."""
    decided = wins + losses
    if decided == 0:
        return 1.0
    tail = sum(math.comb(decided, k) for k in range(min(wins, losses) + 1))
    return min(1.0, 2 * tail / 2**decided)


def sign_flip_test(differences: np.ndarray, *, seed: int = 0) -> float:
    """Two-sided p of a mean this far from 0 were the two exchangeable on every example.

    Exact up to 16 differing examples, and wherever all of them differ by the same amount, where it
    is the sign test; 9,999 random flips otherwise; normal above 5,000 of many different amounts.
    Never below what so few examples can show: 5 of them give at least 0.0625.
    """
    decided = np.abs(differences[differences != 0])
    if not len(decided):
        return 1.0
    distinct, counts = np.unique(decided, return_counts=True)
    if len(distinct) == 1:
        counted = tally(differences)
        return sign_test(counted.wins, counted.losses)
    # A little less, so that sums which are equal but for rounding count as equal.
    seen = abs(float(differences.sum())) * (1 - 1e-12) - 1e-12
    if len(decided) <= ALL_SIGNS:
        signs = np.arange(2 ** len(decided))[:, None] >> np.arange(len(decided)) & 1
        return float((np.abs((2 * signs - 1) @ decided) >= seen).mean())
    random = np.random.default_rng(seed)
    if len(distinct) <= FEW_DISTINCT:
        flips = 2 * random.binomial(counts, 0.5, (FLIPS, len(distinct))) - counts
        return (1 + int((np.abs(flips @ distinct) >= seen).sum())) / (FLIPS + 1)
    if len(decided) > MANY:
        return 2 * _NORMAL.cdf(-seen / math.sqrt(float((decided**2).sum())))
    extreme = 0
    step = max(1, VALUES_HELD // len(decided))
    for first in range(0, FLIPS, step):
        size = (min(step, FLIPS - first), len(decided))
        sums = (2.0 * random.integers(0, 2, size, dtype=np.int8) - 1) @ decided
        extreme += int((np.abs(sums) >= seen).sum())
    return (1 + extreme) / (FLIPS + 1)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """The same p values, raised so that all of them together err no more often than each would."""
    ordered = sorted(p_values, key=lambda name: p_values[name])
    adjusted: dict[str, float] = {}
    highest = 0.0
    for place, name in enumerate(ordered):
        highest = max(highest, min(1.0, p_values[name] * (len(ordered) - place)))
        adjusted[name] = highest
    return {name: adjusted[name] for name in p_values}


def examples_needed(
    differences: np.ndarray, *, confidence: float = 0.95, power: float = 0.8, margin: float = 0.0
) -> int | None:
    """About how many examples would show a mean difference as large as this one beyond `margin`.

    By the normal approximation with the spread seen here, and at least as many as the exact test
    needs when all that differ point one way. None where there is nothing beyond the margin to show.
    """
    effect = abs(float(differences.mean())) - margin
    if effect < LEAST_EFFECT:
        return None
    spread = float(differences.std(ddof=1)) if len(differences) > 1 else 0.0
    by_spread = ((_z(confidence) + _NORMAL.inv_cdf(power)) * spread / effect) ** 2
    differing = float((differences != 0).mean())
    one_way = math.ceil(math.log2(2 / (1 - confidence)))
    return max(math.ceil(by_spread), math.ceil(one_way / differing))


def repeat_floor(repeats: Sequence[float] | np.ndarray, *, confidence: float = 0.95) -> float:
    """What a mean may move by when the same contender is asked again; 0 where no score moved.

    `repeats` are the second scores minus the first, example by example.
    """
    moved = np.asarray(repeats, dtype=np.float64)
    return _z(confidence) * math.sqrt(float((moved**2).sum())) / len(moved)


def _z(confidence: float) -> float:
    return _NORMAL.inv_cdf(0.5 + confidence / 2)
