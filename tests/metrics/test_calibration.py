"""Calibration against what can be reckoned by hand, and on confidences whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from hone.metrics._calibration import LEAST, calibration, expected_error


def test_a_confidence_that_is_always_right_by_itself_has_no_error() -> None:
    sure = [0.0] * 30 + [1.0] * 30
    found = calibration(sure, sure)
    assert found is not None
    assert (found.error, found.brier.value, found.gap.value) == (0.0, 0.0, 0.0)
    assert found.confidence.value == 0.5


def test_the_error_is_the_mean_distance_over_bins_of_equal_size() -> None:
    # Two bins of five: confidence 0.2 with score 0.4, and 0.9 with 0.6.
    sure = np.array([0.9] * 5 + [0.2] * 5)
    score = np.array([1, 1, 1, 0, 0, 1, 1, 0, 0, 0], dtype=float)
    assert expected_error(sure, score) == pytest.approx((0.3 + 0.2) / 2)


def test_who_is_too_sure_has_a_gap_above_zero_whose_interval_says_so() -> None:
    drawn = np.random.default_rng(3)
    right = drawn.random(400) < 0.6
    found = calibration([0.9] * 400, right.astype(float).tolist())
    assert found is not None
    assert found.gap.value == pytest.approx(0.9 - right.mean())
    assert 0.2 < found.gap.low < found.gap.value < found.gap.high < 0.4
    assert found.error == pytest.approx(found.gap.value)
    # The mean of (0.9 - 1)^2 and (0.9 - 0)^2, weighted by how often each was.
    brier = right.mean() * 0.01 + (1 - right.mean()) * 0.81
    assert found.brier.value == pytest.approx(brier)


def test_draws_of_a_true_confidence_come_near_to_it() -> None:
    drawn = np.random.default_rng(5)
    sure = drawn.random(20_000)
    score = (drawn.random(20_000) < sure).astype(float)
    found = calibration(sure.tolist(), score.tolist())
    assert found is not None and found.error < 0.02 and abs(found.gap.value) < 0.02
    assert found.gap.low < 0 < found.gap.high or abs(found.gap.value) < 0.01


def test_equal_confidences_are_one_bin_in_whatever_order_they_stand() -> None:
    right = np.array([1.0, 0.0] * 50)
    sure = np.full(100, 0.5)
    for order in (np.argsort(right), np.random.default_rng(1).permutation(100)):
        assert expected_error(sure[order], right[order]) == 0.0
    # Beside others as well: the tie is never cut.
    mixed = np.concatenate((sure, np.linspace(0.6, 1, 20)))
    score = np.concatenate((right, np.ones(20)))
    drawn = [np.random.default_rng(seed).permutation(120) for seed in range(4)]
    assert len({round(expected_error(mixed[one], score[one]), 12) for one in drawn}) == 1


def test_answers_without_a_confidence_are_left_out_and_few_say_nothing() -> None:
    few: list[float | None] = [0.5] * (LEAST - 1)
    assert calibration(few, [1.0] * len(few)) is None
    mixed = [*few, None, 1.0]
    found = calibration(mixed, [0.5] * len(few) + [0.0, 1.0])
    assert found is not None and found.error == 0.0


@pytest.mark.parametrize("wrong", [1.5, -0.1, float("nan")])
def test_what_is_no_share_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        calibration([wrong] * LEAST, [1.0] * LEAST)
    with pytest.raises(ValueError, match="confidences for"):
        calibration([0.5], [])
