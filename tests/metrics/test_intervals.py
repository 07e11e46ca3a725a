"""Intervals cover what they claim to cover, and agree with closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hone.errors import HoneError
from hone.metrics import _intervals
from hone.metrics._intervals import (
    bootstrap_mean,
    mean_interval,
    paired_difference,
    proportion,
    unpaired_difference,
    wilson,
)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe 1998, table I, method 3 (Wilson without continuity correction).
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_published_limits(
    successes: int, trials: int, low: float, high: float
) -> None:
    found = wilson(successes, trials)
    assert found.value == successes / trials
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_wilson_covers_about_as_often_as_it_says() -> None:
    trials = 40
    limits = [wilson(k, trials) for k in range(trials + 1)]
    coverage = []
    for share in np.linspace(0.02, 0.98, 97):
        chances = [math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(41)]
        inside = [one.low <= share <= one.high for one in limits]
        coverage.append(np.dot(chances, inside))
    assert 0.945 <= np.mean(coverage) <= 0.96
    assert min(coverage) > 0.88


def test_a_proportion_is_wilsons_but_for_rare_events() -> None:
    assert proportion(81, 263) == wilson(81, 263)
    assert proportion(0, 20) == wilson(0, 20)
    # Worked: the Poisson mean at which at least one event has a chance of .05 is -ln .95.
    assert proportion(1, 100).low == pytest.approx(-math.log(0.95) / 100)
    assert proportion(99, 100).high == pytest.approx(1 + math.log(0.95) / 100)
    # Half the 5 % points of chi-square with 4 and 6 degrees of freedom: .3554 and .8177.
    assert proportion(2, 100).low == pytest.approx(0.3554 / 100, abs=1e-6)
    assert proportion(3, 100).low == pytest.approx(0.8177 / 100, abs=1e-6)


@pytest.mark.parametrize("trials", [50, 75, 150, 400])
def test_a_proportion_covers_everywhere_what_it_says_almost(trials: int) -> None:
    limits = [proportion(k, trials) for k in range(trials + 1)]
    coverage = []
    for share in np.linspace(0.005, 0.995, 199):
        chances = [
            math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(trials + 1)
        ]
        coverage.append(np.dot(chances, [one.low <= share <= one.high for one in limits]))
    assert min(coverage) >= 0.93 and 0.945 <= np.mean(coverage) <= 0.96


def skewed(random: np.random.Generator, amount: int) -> np.ndarray:
    """Scores as they occur: many ones, many in between, mean 0.75."""
    scores = random.beta(1.5, 1.5, amount)
    scores[random.random(amount) < 0.5] = 1.0
    return scores


def coverage_of(interval_of: object, truth: float, repeats: int = 400) -> float:
    random = np.random.default_rng(20261120)
    inside = 0
    for _ in range(repeats):
        found = interval_of(random)  # type: ignore[operator]
        inside += found.low <= truth <= found.high
    return inside / repeats


# With 400 repeats the standard error of a coverage of .95 is .011.
def test_bootstrap_of_a_mean_covers_about_as_often_as_it_says() -> None:
    covered = coverage_of(lambda r: bootstrap_mean(skewed(r, 60), resamples=800), 0.75)
    assert 0.915 <= covered <= 0.975


def test_paired_difference_covers_about_as_often_as_it_says() -> None:
    def interval(random: np.random.Generator) -> _intervals.Interval:
        first = skewed(random, 60)
        second = np.clip(first - random.binomial(1, 0.3, 60) * 0.2 * (first == 1.0), 0, 1)
        return paired_difference(first, second, resamples=800)

    covered = coverage_of(interval, 0.5 * 0.3 * 0.2)
    assert 0.915 <= covered <= 0.975


def test_unpaired_difference_covers_about_as_often_as_it_says() -> None:
    covered = coverage_of(
        lambda r: unpaired_difference(skewed(r, 60), skewed(r, 40) * 0.5, resamples=800), 0.375
    )
    assert 0.915 <= covered <= 0.975


def test_pairing_narrows_the_interval_of_correlated_scores() -> None:
    random = np.random.default_rng(5)
    hard = random.random(200)
    first, second = hard * 0.9, hard * 0.85
    paired, apart = paired_difference(first, second), unpaired_difference(first, second)
    assert paired.value == pytest.approx(apart.value)
    assert paired.high - paired.low < 0.2 * (apart.high - apart.low)
    assert paired.low > 0


def test_few_and_many_distinct_values_are_resampled_alike() -> None:
    random = np.random.default_rng(1)
    few = random.choice([0.0, 0.25, 0.5, 1.0], 500)
    many = few + random.normal(0, 1e-9, 500)
    one, other = bootstrap_mean(few, resamples=20_000), bootstrap_mean(many, resamples=20_000)
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1.5e-3)


def test_large_symmetric_samples_give_the_normal_interval() -> None:
    sample = np.random.default_rng(2).normal(0.5, 0.1, 20_000)
    found = bootstrap_mean(sample, resamples=4000)
    reach = 1.959964 * sample.std() / np.sqrt(len(sample))
    assert found.low == pytest.approx(sample.mean() - reach, abs=0.06 * reach)
    assert found.high == pytest.approx(sample.mean() + reach, abs=0.06 * reach)


def test_skew_moves_the_interval_to_the_long_side() -> None:
    sample = np.random.default_rng(3).exponential(1.0, 30)
    found = bootstrap_mean(sample, resamples=20_000)
    assert found.high - found.value > 1.1 * (found.value - found.low)


def test_the_same_seed_gives_the_same_interval_and_chunks_change_nothing_that_matters() -> None:
    sample = np.random.default_rng(4).random(300)
    assert bootstrap_mean(sample, seed=7) == bootstrap_mean(sample, seed=7)
    assert bootstrap_mean(sample, seed=7) != bootstrap_mean(sample, seed=8)


@pytest.mark.parametrize("sample", [[0.5], [0.3, 0.3, 0.3], [1.0] * 5, [0.0]])
def test_constant_samples_give_numbers(sample: list[float]) -> None:
    found = bootstrap_mean(sample)
    assert found == pytest.approx((sample[0],) * 3)
    assert np.isfinite(mean_interval(sample)).all()
    assert paired_difference(sample, sample) == (0.0, 0.0, 0.0)


def test_extreme_skew_stays_inside_the_sample() -> None:
    sample = [0.0] * 99 + [1.0]
    found = bootstrap_mean(sample, confidence=0.9999)
    assert 0.0 <= found.low <= found.value <= found.high <= 1.0


def test_zeros_and_ones_get_the_interval_of_a_proportion() -> None:
    assert mean_interval([1.0, 0.0, 1.0, 1.0]) == proportion(3, 4)
    assert mean_interval([1.0, 0.5, 1.0]) == bootstrap_mean([1.0, 0.5, 1.0])


@pytest.mark.parametrize(
    "call",
    [
        lambda: wilson(3, 2),
        lambda: wilson(0, 0),
        lambda: wilson(1, 2, confidence=1.0),
        lambda: bootstrap_mean([]),
        lambda: bootstrap_mean([1.0, float("nan")]),
        lambda: bootstrap_mean([1.0], confidence=95),
        lambda: paired_difference([1.0, 0.0], [1.0]),
        lambda: unpaired_difference([1.0], [float("inf")]),
    ],
)
def test_what_has_no_interval_is_refused(call: object) -> None:
    with pytest.raises(HoneError) as raised:
        call()  # type: ignore[operator]
    assert raised.value.hint
