"""Paired statistics agree with published and worked values, and err as seldom as they say."""

from __future__ import annotations

import numpy as np
import pytest

from hone.metrics._paired import (
    Tally,
    examples_needed,
    holm,
    paired_interval,
    repeat_floor,
    sign_flip_test,
    sign_test,
    tally,
)

# Darwin's 15 pairs of maize, crossed minus self-fertilised, in eighths of an inch.
MAIZE = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48], float)


def test_flipping_signs_gives_fishers_published_p() -> None:
    # Fisher 1935, section 21: 1,726 of 32,768 sums are as far from 0 as the one that was seen.
    assert sign_flip_test(MAIZE) == 1726 / 32768
    assert sign_flip_test(-MAIZE / 80) == 1726 / 32768


def test_random_flips_come_to_the_exact_value() -> None:
    # The same pairs beside five that say next to nothing: beyond what is enumerated.
    more = np.concatenate((MAIZE, [1e-6, -1e-6, 2e-6, -2e-6, 3e-6]))
    assert sign_flip_test(more) == pytest.approx(1726 / 32768, abs=0.007)


def test_random_flips_of_many_amounts_agree_with_the_normal_one() -> None:
    random = np.random.default_rng(3)
    sample = random.normal(0.04, 1, 4999)
    doubled = np.concatenate((sample, np.full(2, 1e-9), [2e-9]))
    assert sign_flip_test(sample) == pytest.approx(sign_flip_test(doubled), abs=0.006)


@pytest.mark.parametrize(
    ("wins", "losses", "p"),
    # Worked from the binomial coefficients.
    [(0, 0, 1.0), (5, 0, 2 / 32), (6, 0, 2 / 64), (8, 2, 2 * 56 / 1024), (3, 3, 1.0)],
)
def test_the_sign_test_is_the_exact_binomial_one(wins: int, losses: int, p: float) -> None:
    assert sign_test(wins, losses) == p == sign_test(losses, wins)
    scores = np.array([1.0] * wins + [-1.0] * losses + [0.0] * 40)
    assert sign_flip_test(scores) == p
    assert tally(scores) == Tally(wins, losses, 40)


def test_holm_raises_p_values_step_by_step() -> None:
    # Worked: .005 * 4, .01 * 3, .03 * 2, and .04 no lower than the one before.
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert found == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
    assert holm({"a": 0.6, "b": 0.7}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}


def test_equal_scores_on_few_examples_prove_no_equality() -> None:
    found = paired_interval(np.zeros(24))
    # Worked: 1.959964 * sqrt(2 / 26 / 26).
    assert found == pytest.approx((0.0, -0.10661, 0.10661), abs=1e-5)
    assert paired_interval(np.zeros(2000)).high < 0.0015


def test_the_interval_of_zeros_and_ones_holds_that_of_bonett_and_price() -> None:
    # Worked: 5 wins, 1 loss of 50; 6/52 - 2/52 and its spread sqrt((8/52 - (4/52)²) / 52).
    sample = np.array([1.0] * 5 + [-1.0] + [0.0] * 44)
    found = paired_interval(sample)
    reach = 1.959964 * np.sqrt((8 / 52 - (4 / 52) ** 2) / 52)
    assert found.value == pytest.approx(0.08)
    assert found.low <= 4 / 52 - reach + 1e-6 and found.high >= 4 / 52 + reach - 1e-6
    assert found.low == pytest.approx(4 / 52 - reach, abs=0.03)


@pytest.mark.parametrize("sample", [[1.0], [0.0], [-1.0, -1.0], [0.3] * 5, [1.0, -1.0]])
def test_a_handful_of_examples_never_tells(sample: list[float]) -> None:
    differences = np.array(sample)
    assert sign_flip_test(differences) >= 0.0625
    found = paired_interval(differences)
    assert -1 <= found.low <= found.value <= found.high <= 1 and found.low < found.high


def test_the_same_seed_gives_the_same_figures() -> None:
    sample = np.random.default_rng(1).normal(0.1, 0.4, 60).clip(-1, 1)
    assert sign_flip_test(sample, seed=4) == sign_flip_test(sample, seed=4)
    assert paired_interval(sample, seed=4) == paired_interval(sample, seed=4)
    assert sign_flip_test(sample, seed=4) != sign_flip_test(sample, seed=5)


def test_so_many_examples_would_be_needed() -> None:
    # Worked: half the examples tie, mean .1, spread .5 -> (2.801585 * .5 / .1)² = 196.2.
    random = np.random.default_rng(2)
    sample = random.normal(0, 1, 2000)
    sample = 0.1 + 0.5 * (sample - sample.mean()) / sample.std(ddof=1)
    assert examples_needed(sample) == 197
    assert examples_needed(sample, margin=0.05) == 785
    assert examples_needed(sample, margin=0.1) is None
    assert examples_needed(np.zeros(50)) is None
    # All that differ point one way: six of them are the fewest that can be told from chance.
    assert examples_needed(np.array([1.0] + [0.0] * 9)) == pytest.approx(79, abs=1)
    assert examples_needed(np.ones(3)) == 6
    assert examples_needed(np.ones(1)) == 6


def test_the_needed_number_has_the_power_that_it_promises() -> None:
    random = np.random.default_rng(7)

    def draw(amount: int) -> np.ndarray:
        return random.choice([1.0, 0.0, -1.0], amount, p=[0.2, 0.7, 0.1])

    needed = examples_needed(draw(20_000))
    assert needed is not None
    shown = [sign_flip_test(draw(needed)) <= 0.05 for _ in range(400)]
    assert 0.72 <= np.mean(shown) <= 0.88


def test_a_repeat_without_a_changed_score_has_no_noise() -> None:
    assert repeat_floor([0.0] * 30) == 0.0
    # Worked: four of a hundred flip, 1.959964 * 2 / 100.
    assert repeat_floor([1.0, -1.0, 1.0, -1.0] + [0.0] * 96) == pytest.approx(0.0392, abs=1e-5)
