"""What a score becomes with more examples: every power law that fits, as often as it is likely.

A curve is s(n) = a - b n^-c: it rises towards a and never falls. Few runs leave a, b and c open, so
none is chosen: all on a grid are weighed by how well they fit, and what is said of the future is
said by all of them together.
Source: power laws of learning: Hestness et al. 2017, arXiv:1712.00409; with an asymptote, to
predict how many labels are needed: Figueroa et al. 2012, "Predicting sample size required for
classification performance"; a distribution over curves instead of one fit: Domhan et al. 2015,
"Speeding up automatic hyperparameter optimization of deep neural networks by extrapolation of
learning curves"; errors with heavy tails: Lange et al. 1989, "Robust statistical modeling using
the t distribution".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hone.errors import InvalidInput
from hone.metrics._intervals import Interval

LEAST_SIZES = 4
"""Three numbers describe a curve; fewer sizes than this would fit any of them."""
DRAWS = 4000
# Of the t distribution: a run that went wrong counts little.
FREEDOM = 5
# The score at the largest size is looked for this far around the mean of its runs.
REACH, STEP = 0.2, 0.005
ROOM = np.linspace(0.0, 1.0, 41)
"""How far up the asymptote lies, from the score at the largest size (0) to a perfect one (1)."""
EXPONENTS = np.geomspace(0.05, 1.5, 20)
SPREADS = np.geomspace(0.004, 0.15, 14)
"""Of single runs around the curve, at the largest size."""
SPREAD_POWER = 0.25
"""Runs on fewer examples scatter more: by the fourth root, 1.7 times at an eighth of them."""


class Run(NamedTuple):
    """A training on so many examples, and its score from 0 to 1."""

    examples: int
    score: float


@dataclass(frozen=True)
class Curves:
    """Curves drawn as often as they are likely; each array has one value per curve."""

    largest: int
    level: np.ndarray
    """The score at the largest size."""
    asymptote: np.ndarray
    exponent: np.ndarray
    spread: np.ndarray
    seed: int

    def at(self, examples: float) -> np.ndarray:
        """The mean score of trainings on so many examples, by each curve."""
        share = (examples / self.largest) ** -self.exponent
        return np.clip(self.asymptote - (self.asymptote - self.level) * share, 0.0, 1.0)

    def of_one_training(self, examples: float) -> np.ndarray:
        """The score of a single training on so many examples, which scatters around the mean."""
        random = np.random.default_rng(self.seed)
        noise = random.standard_t(FREEDOM, len(self.spread))
        wide = self.spread * (self.largest / examples) ** SPREAD_POWER
        return np.clip(self.at(examples) + noise * wide, 0.0, 1.0)

    def examples_for(self, score: float) -> np.ndarray:
        """How many examples each curve needs for a mean score; infinite where it never gets there.

        Not below the largest size, for the answer is how many more.
        """
        room = self.asymptote - score
        with np.errstate(divide="ignore", invalid="ignore"):
            times = ((self.asymptote - self.level) / room) ** (1 / self.exponent)
        times = np.where(room > 0, times, np.inf)
        return self.largest * np.where(self.level >= score, 1.0, np.maximum(times, 1.0))


def fit(runs: Sequence[Run], *, seed: int = 0) -> Curves:
    """The curves that these runs leave possible; the same seed draws the same ones.

    InvalidInput where there are fewer than four sizes, or a score outside 0 to 1.
    """
    sizes = sorted({run.examples for run in runs})
    if len(sizes) < LEAST_SIZES or sizes[0] < 1:
        raise InvalidInput(
            f"A learning curve needs runs on at least {LEAST_SIZES} numbers of examples; there are "
            f"{len(sizes)}.",
            hint="Train on more parts of the data.",
        )
    scores = np.array([run.score for run in runs], dtype=np.float64)
    if not ((scores >= 0) & (scores <= 1)).all():
        raise InvalidInput("A learning curve needs scores from 0 to 1.", hint="Give such scores.")
    share = np.array([run.examples for run in runs], dtype=np.float64) / sizes[-1]
    middle = float(scores[share == 1].mean())
    levels = np.arange(max(0.0, middle - REACH), min(1.0, middle + REACH) + STEP / 2, STEP)
    level, room, exponent = (
        one.ravel() for one in np.meshgrid(levels, ROOM, EXPONENTS, indexing="ij")
    )
    level = np.minimum(level, 1.0)
    asymptote = level + (1 - level) * room
    weight = np.empty((len(SPREADS), len(level)))
    off = _squared_distances((level, asymptote, exponent), share, scores)
    for place, spread in enumerate(SPREADS):
        tails = np.log1p(off / (FREEDOM * spread**2)).sum(0)
        weight[place] = -(FREEDOM + 1) / 2 * tails - len(scores) * np.log(spread)
    return _drawn(weight, (level, asymptote, exponent), sizes[-1], seed)


def interval(values: np.ndarray, *, confidence: float = 0.95) -> Interval:
    """The middle of drawn values, and the two ends that hold the given share of them."""
    low, middle, high = np.quantile(values, [(1 - confidence) / 2, 0.5, (1 + confidence) / 2])
    return Interval(float(middle), float(low), float(high))


def _squared_distances(
    curves: tuple[np.ndarray, np.ndarray, np.ndarray], share: np.ndarray, scores: np.ndarray
) -> np.ndarray:
    """(runs, curves): squared distance of a run from a curve, in spreads of its size."""
    level, asymptote, exponent = curves
    found = np.empty((len(share), len(level)))
    for place, (part, score) in enumerate(zip(share, scores, strict=True)):
        mean = np.clip(asymptote - (asymptote - level) * part**-exponent, 0.0, 1.0)
        found[place] = ((score - mean) / part**-SPREAD_POWER) ** 2
    return found


def _drawn(
    weight: np.ndarray,
    curves: tuple[np.ndarray, np.ndarray, np.ndarray],
    largest: int,
    seed: int,
) -> Curves:
    random = np.random.default_rng(seed)
    chances = np.exp(weight - weight.max()).ravel()
    total = np.cumsum(chances)
    places = np.searchsorted(total, random.random(DRAWS) * total[-1], side="right")
    spread, curve = np.divmod(np.minimum(places, len(chances) - 1), weight.shape[1])
    level, asymptote, exponent = (one[curve] for one in curves)
    # Between the points of the grid.
    level = np.clip(level + STEP * (random.random(DRAWS) - 0.5), 0.0, 1.0)
    asymptote = np.maximum(asymptote, level)
    # Another stream than that of the noise of single trainings.
    return Curves(largest, level, asymptote, exponent, SPREADS[spread], seed + 1)
