"""Confidence intervals of scores: Wilson for proportions, BCa bootstrap for means.

Source: Wilson 1927; Brown, Cai and DasGupta 2001, "Interval estimation for a binomial proportion"
(few successes or failures); Efron 1987, "Better bootstrap confidence intervals". All take numbers
and return floats, never NaN; the same seed gives the same interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from hone.errors import InvalidInput

RESAMPLES = 2000
# Of the resampled values held at a time: 32 MiB of float64.
VALUES_HELD = 1 << 22
# Up to so many distinct values a resample is drawn as counts of them, which is much faster.
FEW_DISTINCT = 64
# So few successes, or failures, are rare events: Wilson's interval then begins too late.
RARE = 3

_NORMAL = NormalDist()


class Interval(NamedTuple):
    """An estimate and its interval."""

    value: float
    low: float
    high: float


def wilson(successes: int, trials: int, *, confidence: float = 0.95) -> Interval:
    """A proportion; sensible also for 0 and all successes and for few trials."""
    _check_confidence(confidence)
    if trials < 1 or not 0 <= successes <= trials:
        raise InvalidInput(
            f"{successes} successes of {trials} trials are no proportion.",
            hint="Give at least one trial, and no more successes than trials.",
        )
    z = _NORMAL.inv_cdf(0.5 + confidence / 2)
    share = successes / trials
    middle = share + z * z / (2 * trials)
    reach = z * np.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    # At the ends the formula gives 0 and 1 up to rounding.
    low = 0.0 if successes == 0 else max(0.0, (middle - reach) / scale)
    high = 1.0 if successes == trials else min(1.0, (middle + reach) / scale)
    return Interval(share, float(low), float(high))


def proportion(successes: int, trials: int, *, confidence: float = 0.95) -> Interval:
    """Wilson's interval; with one to three successes, or failures, it reaches further out.

    There Wilson alone covers as seldom as 0.86 for 0.95. The end then comes from the Poisson
    distribution, as Brown, Cai and DasGupta have it.
    """
    found = wilson(successes, trials, confidence=confidence)
    low, high = found.low, found.high
    if 0 < successes <= RARE:
        low = min(low, _rare(successes, confidence) / trials)
    if 0 < trials - successes <= RARE:
        high = max(high, 1 - _rare(trials - successes, confidence) / trials)
    return Interval(found.value, low, high)


def _rare(events: int, confidence: float) -> float:
    """The expected number at which so many events or more happen by chance 1 - confidence."""
    low, high = 0.0, float(events)
    for _ in range(60):
        middle = (low + high) / 2
        fewer = sum(math.exp(-middle) * middle**k / math.factorial(k) for k in range(events))
        low, high = (middle, high) if 1 - fewer < 1 - confidence else (low, middle)
    return low


def mean_interval(
    values: Sequence[float] | np.ndarray, *, confidence: float = 0.95, seed: int = 0
) -> Interval:
    """The mean of scores: a proportion where all are 0 or 1, BCa bootstrap otherwise.

    A constant sample has an interval of no width; so has a single value.
    """
    sample = _checked(values, "values")
    if np.isin(sample, (0.0, 1.0)).all():
        return proportion(int(sample.sum()), len(sample), confidence=confidence)
    return bootstrap_mean(sample, confidence=confidence, seed=seed)


def bootstrap_mean(
    values: Sequence[float] | np.ndarray,
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """The mean of independent values by the BCa bootstrap."""
    sample = _checked(values, "values")
    _check_confidence(confidence)
    estimate = float(sample.mean())
    means = _resampled_means(sample, resamples, np.random.default_rng(seed))
    return _bca(estimate, means, sample - estimate, confidence)


def paired_difference(
    a: Sequence[float] | np.ndarray,
    b: Sequence[float] | np.ndarray,
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Mean of a minus mean of b on the same examples, in the same order."""
    first, second = _checked(a, "a"), _checked(b, "b")
    if len(first) != len(second):
        raise InvalidInput(
            f"A paired difference needs the same examples: {len(first)} scores against "
            f"{len(second)}.",
            hint="Score both models on the same examples, or use unpaired_difference.",
        )
    return bootstrap_mean(first - second, confidence=confidence, resamples=resamples, seed=seed)


def unpaired_difference(
    a: Sequence[float] | np.ndarray,
    b: Sequence[float] | np.ndarray,
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Mean of a minus mean of b where the two come from different examples."""
    first, second = _checked(a, "a"), _checked(b, "b")
    _check_confidence(confidence)
    random = np.random.default_rng(seed)
    estimate = float(first.mean() - second.mean())
    differences = _resampled_means(first, resamples, random)
    differences -= _resampled_means(second, resamples, random)
    influence = np.concatenate(
        ((first - first.mean()) / len(first), (second.mean() - second) / len(second))
    )
    return _bca(estimate, differences, influence, confidence)


def _resampled_means(sample: np.ndarray, resamples: int, random: np.random.Generator) -> np.ndarray:
    amount = len(sample)
    distinct, counts = np.unique(sample, return_counts=True)
    if len(distinct) <= FEW_DISTINCT:
        return random.multinomial(amount, counts / amount, size=resamples) @ distinct / amount
    means = np.empty(resamples)
    step = max(1, VALUES_HELD // amount)
    for first in range(0, resamples, step):
        size = (min(step, resamples - first), amount)
        means[first : first + step] = sample[random.integers(0, amount, size)].mean(axis=1)
    return means


def _bca(
    estimate: float, replicates: np.ndarray, influence: np.ndarray, confidence: float
) -> Interval:
    """Percentiles of the replicates, shifted for bias and skew.

    `influence` is what each observation contributes to the estimate, up to one common factor;
    for a mean that is its distance from the mean.
    """
    spread = float((influence**2).sum())
    if spread <= 0 or replicates.min() == replicates.max():
        return Interval(estimate, estimate, estimate)
    # Ties count half: scores are often few-valued.
    below = (replicates < estimate).mean() + 0.5 * (replicates == estimate).mean()
    room = 0.5 / len(replicates)
    bias = _NORMAL.inv_cdf(float(np.clip(below, room, 1 - room)))
    acceleration = float((influence**3).sum()) / (6 * spread**1.5)
    levels: list[float] = []
    for tail in ((1 - confidence) / 2, (1 + confidence) / 2):
        shifted = bias + _NORMAL.inv_cdf(tail)
        # The floor keeps extreme skew at the end of the replicates instead of turning it round.
        levels.append(_NORMAL.cdf(bias + shifted / max(1e-9, 1 - acceleration * shifted)))
    low, high = np.quantile(replicates, levels)
    return Interval(estimate, float(low), float(high))


def _checked(values: Sequence[float] | np.ndarray, name: str) -> np.ndarray:
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1 or not len(sample) or not np.isfinite(sample).all():
        raise InvalidInput(
            f"An interval needs a list of at least one finite number; {name} has shape "
            f"{sample.shape}.",
            hint="Give one score per example, without NaN or infinity.",
        )
    return sample


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise InvalidInput(
            f"A confidence of {confidence} is not between 0 and 1.", hint="Give 0.95 for 95 %."
        )
