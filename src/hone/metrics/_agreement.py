"""How near numbers come to the right ones: errors, correlations, and intervals of both.

Source: RMSE and MAE as in Willmott and Matsuura 2005; the interval of Pearson's r by Fisher 1921
(z transform), of Spearman's by Bonett and Wright 2000, "Sample size requirements for estimating
Pearson, Kendall and Spearman correlations"; ties get their mean rank, as Kendall 1945 has it.
Arrays are float64 of shape (examples, dimensions); NaN where there is no number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any, NamedTuple, cast

import numpy as np

from hone.metrics._intervals import Interval, bootstrap_mean

MOST_CHARACTERS = 100_000
LEAST_PAIRS = 4
"""Fewer pairs of numbers have no interval of a correlation, and no correlation worth telling."""
_NORMAL = NormalDist()


class Correlation(NamedTuple):
    """Both correlations of one dimension, over the examples for which both sides have a number."""

    pearson: Interval
    spearman: Interval


def labels_of(texts: Sequence[str], names: Sequence[str]) -> np.ndarray:
    """The numbers that texts give for these names: strict JSON, one object, names as keys.

    A text with anything else, or with something that is no number under any key, gives none.
    """
    found = np.full((len(texts), len(names)), np.nan)
    for row, text in enumerate(texts):
        labels = read_labels(text)
        for column, name in enumerate(names):
            found[row, column] = labels.get(name, np.nan)
    return found


def read_labels(text: str) -> dict[str, float]:
    """Name -> number; empty where the text is no JSON object of finite numbers."""
    if len(text) > MOST_CHARACTERS or text.count("{") != 1:
        return {}
    try:
        value = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(value, dict):
        return {}
    labels = cast("dict[str, Any]", value)
    return {name: float(one) for name, one in labels.items()} if _are_numbers(labels) else {}


def errors(predicted: np.ndarray, expected: np.ndarray, width: float) -> np.ndarray:
    """Absolute errors, never more than the width of the scale, which is what a gap counts.

    NaN only where nothing was expected.
    """
    off = np.minimum(np.abs(predicted - expected), width)
    off[np.isnan(predicted)] = width
    off[np.isnan(expected)] = np.nan
    return off


def mae(off: np.ndarray, *, seed: int = 0) -> Interval:
    """The mean of errors, one per example, with its BCa interval."""
    return bootstrap_mean(off, seed=seed)


def rmse(squares: np.ndarray, *, seed: int = 0) -> Interval:
    """The root of the mean of squared errors; BCa intervals keep through a rising transform."""
    found = bootstrap_mean(squares, seed=seed)
    return Interval(*(math.sqrt(max(0.0, one)) for one in found))


def correlation(predicted: np.ndarray, expected: np.ndarray) -> Correlation | None:
    """Pearson and Spearman of one dimension; None where one side is constant, or under 4 pairs."""
    both = ~(np.isnan(predicted) | np.isnan(expected))
    one, other = predicted[both], expected[both]
    if len(one) < LEAST_PAIRS or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    linear = _pearson(one, other)
    ranked = _pearson(_ranks(one), _ranks(other))
    amount = len(one)
    return Correlation(
        _by_fisher(linear, 1 / math.sqrt(amount - 3)),
        _by_fisher(ranked, math.sqrt((1 + ranked**2 / 2) / (amount - 3))),
    )


def _pearson(one: np.ndarray, other: np.ndarray) -> float:
    # Scaled first, so that neither large nor tiny numbers leave what a float can hold.
    first, second = (_scaled(values) for values in (one, other))
    return float(np.clip(first @ second, -1.0, 1.0))


def _scaled(values: np.ndarray) -> np.ndarray:
    off = values / np.abs(values).max()
    off = off - off.mean()
    size = float(np.sqrt(off @ off))
    return off / size if size > 0 else off


def _ranks(values: np.ndarray) -> np.ndarray:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[places]


def _by_fisher(value: float, spread: float, confidence: float = 0.95) -> Interval:
    if abs(value) >= 1:
        return Interval(value, value, value)
    reach = _NORMAL.inv_cdf(0.5 + confidence / 2) * spread
    middle = math.atanh(value)
    return Interval(value, math.tanh(middle - reach), math.tanh(middle + reach))


def _are_numbers(labels: dict[str, Any]) -> bool:
    return all(
        isinstance(one, int | float) and not isinstance(one, bool) and _is_finite(one)
        for one in labels.values()
    )


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False  # a whole number beyond every float


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is repeated")
    return found
