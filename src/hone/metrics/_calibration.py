"""Whether a model's confidence means what it says: how far it lies from the scores it comes with.

Source: the expected calibration error over bins, Naeini et al. 2015, "Obtaining well calibrated
probabilities using Bayesian binning", in bins of equal size as Nguyen and O'Connor 2015,
"Posterior calibration and exploratory analysis for natural language processing models", so that
few examples fill them; Brier 1950, with a score of 0 to 1 in place of right or wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hone.metrics._intervals import Interval, mean_interval
from hone.metrics._paired import paired_interval

BINS = 10
LEAST_IN_A_BIN = 5
LEAST = 20
"""Fewer answers with a confidence say nothing about it."""


class Calibration(NamedTuple):
    """Figures of confidences in 0 to 1 against scores in 0 to 1."""

    confidence: Interval
    """Their mean."""
    gap: Interval
    """Mean confidence minus mean score: above 0 the model is too sure of itself."""
    error: float
    """Expected calibration error: the mean distance over bins, 0 where confidence is the score."""
    brier: Interval
    """Mean squared distance, example by example."""


def calibration(
    confidences: Sequence[float | None], scores: Sequence[float], *, seed: int = 0
) -> Calibration | None:
    """What the answers that have a confidence tell of it; None where they are fewer than `LEAST`.

    ValueError where lengths differ or a value lies outside of 0 to 1.
    """
    if len(confidences) != len(scores):
        raise ValueError(f"{len(confidences)} confidences for {len(scores)} scores")
    told = [
        (sure, score) for sure, score in zip(confidences, scores, strict=True) if sure is not None
    ]
    if len(told) < LEAST:
        return None
    sure, score = np.array(told, dtype=float).T
    for values in (sure, score):
        if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
            raise ValueError("confidences and scores lie in 0 to 1")
    return Calibration(
        confidence=mean_interval(sure, seed=seed),
        gap=paired_interval(sure - score, seed=seed),
        error=expected_error(sure, score),
        brier=mean_interval((sure - score) ** 2, seed=seed),
    )


def expected_error(sure: np.ndarray, score: np.ndarray) -> float:
    """The distance of mean confidence and mean score in each bin, weighted by its examples."""
    order = np.argsort(sure, kind="stable")
    bins = max(1, min(BINS, len(sure) // LEAST_IN_A_BIN))
    ranked = sure[order]
    ends = [len(part) for part in np.array_split(order, bins)]
    # Equal confidences share a bin: else the order of the rows would decide where they fall.
    cuts = {int(np.searchsorted(ranked, ranked[end - 1], "right")) for end in np.cumsum(ends)}
    parts = np.split(order, sorted(cuts - {len(order)}))
    far = [abs(float(sure[part].mean() - score[part].mean())) * len(part) for part in parts]
    return sum(far) / len(sure)
