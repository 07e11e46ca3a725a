"""Power laws of learning: what they predict holds as often as they say, and few runs say little."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from hone.errors import InvalidInput
from hone.metrics._power_law import LEAST_SIZES, Run, fit, interval

SIZES = (25, 50, 100, 200, 400)


def score_at(examples: float, curve: tuple[float, float, float]) -> float:
    level, asymptote, exponent = curve
    return asymptote - (asymptote - level) * (examples / SIZES[-1]) ** -exponent


def simulated(curve: tuple[float, float, float], spread: float, seed: int) -> list[Run]:
    random = np.random.default_rng(seed)
    found: list[Run] = []
    for size in SIZES:
        for _ in range(2):
            wide = spread * (SIZES[-1] / size) ** 0.25
            score = score_at(size, curve) + random.normal(0, wide)
            found.append(Run(size, float(np.clip(score, 0, 1))))
    return found


@pytest.mark.parametrize("spread", [0.01, 0.03])
def test_the_interval_holds_the_score_at_twice_the_examples(spread: float) -> None:
    random, held, widths = np.random.default_rng(7), 0, list[float]()
    trials = 40
    for number in range(trials):
        level = random.uniform(0.3, 0.8)
        curve = (level, random.uniform(level, 1.0), random.uniform(0.1, 0.8))
        runs = simulated(curve, spread, number)
        found = interval(fit(runs).of_one_training(800))
        trained = score_at(800, curve) + random.normal(0, spread * 0.5**0.25)
        held += found.low <= min(1.0, trained) <= found.high
        widths.append(found.high - found.low)
    assert held >= 0.9 * trials
    # Sure of nothing is always right: the interval has to be of use as well.
    assert float(np.median(widths)) < 8 * spread


def test_more_examples_never_score_less_and_never_more_than_everything() -> None:
    curves = fit(simulated((0.5, 0.9, 0.5), 0.02, 1))
    means = [curves.at(size) for size in (50, 400, 800, 10_000_000)]
    assert all((later >= before - 1e-9).all() for before, later in pairwise(means))
    assert all(((mean >= 0) & (mean <= 1)).all() for mean in means)


def test_a_flat_curve_promises_nothing_and_a_steep_one_does() -> None:
    flat = fit([Run(size, 0.7) for size in SIZES for _ in range(2)])
    steep = fit(simulated((0.4, 0.9, 0.4), 0.01, 3))
    assert interval(flat.at(800) - flat.level).high < 0.02
    assert interval(steep.at(800) - steep.level).low > 0.03


def test_one_run_that_went_wrong_moves_the_prediction_little() -> None:
    runs = simulated((0.6, 0.8, 0.5), 0.01, 5)
    wrong = [*runs[:-3], Run(200, 0.05), *runs[-2:]]
    before, after = (interval(fit(some).of_one_training(800)) for some in (runs, wrong))
    assert abs(before.value - after.value) < 0.03


def test_the_same_runs_and_seed_give_the_same_curves() -> None:
    runs = simulated((0.6, 0.8, 0.5), 0.02, 5)
    first, second = fit(runs, seed=3), fit(runs, seed=3)
    assert first.of_one_training(800).tolist() == second.of_one_training(800).tolist()
    assert fit(runs, seed=4).level.tolist() != first.level.tolist()


def test_examples_for_a_score_are_those_at_which_the_curve_has_it() -> None:
    curves = fit(simulated((0.5, 0.9, 0.5), 0.01, 2))
    wanted = curves.examples_for(0.6)
    reached = np.isfinite(wanted)
    assert reached.mean() > 0.9
    by_hand = (
        curves.asymptote
        - (curves.asymptote - curves.level) * (wanted / curves.largest) ** -curves.exponent
    )
    assert by_hand[reached] == pytest.approx(np.maximum(0.6, curves.level)[reached], abs=1e-6)
    assert (curves.examples_for(0.1) == curves.largest).all()
    assert np.isinf(curves.examples_for(1.0)[curves.asymptote < 1]).all()


def test_too_few_sizes_and_scores_beyond_the_scale_are_refused() -> None:
    with pytest.raises(InvalidInput, match=f"at least {LEAST_SIZES}"):
        fit([Run(size, 0.5) for size in (10, 20, 40, 40)])
    with pytest.raises(InvalidInput, match="from 0 to 1"):
        fit([Run(size, 1.5) for size in SIZES])
