"""Errors and correlations of scores: right by hand, as published, and as sure as they say."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hone.metrics import _agreement, regression

NAN = math.nan


def test_errors_and_their_means_by_hand() -> None:
    expected = ['{"a": 2, "b": 8}', '{"a": 4, "b": 10}']
    said = ['{"a": 3, "b": 8}', '{"a": 1, "b": 8.5, "other": 1}']
    options = regression.Options(scale=(0, 10))
    found = regression.run(said, expected, options)
    # Errors: 1, 0 and 3, 1.5.
    assert found.per_example.tolist() == pytest.approx([1 - 0.5 / 10, 1 - 2.25 / 10])
    assert found.details["mae"] == pytest.approx(5.5 / 4)
    assert found.details["rmse"] == pytest.approx(math.sqrt((1 + 9 + 2.25) / 4))
    assert found.details["mae.a"] == 2 and found.details["mae.b"] == 0.75
    assert found.details["rmse.a"] == pytest.approx(math.sqrt(5))
    assert found.details["readable"] == 1 and "pearson.a" not in found.details


@pytest.mark.parametrize(
    "said",
    [
        "", "good", "[1]", '{"a": "9"}', '{"a": true}', '{"a": NaN}', '{"a": 1e999}',
        '{"a": 9, "a": 9}', '{"b": 9}', "x" * 200_000, '{"a": {"a": 9}}', '{"a": null}',
        '{"a": ' + "9" * 400 + "}",
    ],
)  # fmt: skip
def test_what_is_no_number_is_wrong_by_the_whole_scale(said: str) -> None:
    options = regression.Options(dimensions=["a"], scale=(1, 5))
    found = regression.run([said], ['{"a": 5}'], options)
    assert found.per_example.tolist() == [0.0]
    assert found.details["mae"] == 4 and found.details["readable"] == 0


def test_no_error_counts_more_than_the_whole_scale() -> None:
    options = regression.Options(dimensions=["a"], scale=(0, 10))
    assert regression.run(['{"a": 1000000}'], ['{"a": 0}'], options).details["rmse"] == 10


def test_correlations_are_those_that_were_published() -> None:
    # Anscombe 1973: four sets with the same r of 0.816, the third of which ranks almost alike.
    x = np.array([10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5], float)
    first = np.array([8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68])
    third = np.array([7.46, 6.77, 12.74, 7.11, 7.81, 8.84, 6.08, 5.39, 8.15, 6.42, 5.73])
    found = [_agreement.correlation(x, y) for y in (first, third)]
    assert found[0] is not None and found[1] is not None
    assert found[0].pearson.value == pytest.approx(0.81642, abs=1e-5)
    assert found[1].pearson.value == pytest.approx(0.81629, abs=1e-5)
    assert found[1].spearman.value == pytest.approx(0.99090, abs=1e-4)


def test_ties_get_their_mean_rank() -> None:
    # Ranks 1, 2.5, 2.5, 4 and 1, 3, 2, 4: r = 4.5 / sqrt(4.5 * 5).
    found = _agreement.correlation(np.array([1.0, 2, 2, 9]), np.array([1.0, 5, 4, 7]))
    assert found is not None
    assert found.spearman.value == pytest.approx(4.5 / math.sqrt(4.5 * 5))


@pytest.mark.parametrize(
    ("one", "other"),
    [([5, 5, 5, 5], [1, 2, 3, 4]), ([1, 2, 3], [1, 2, 3]), ([NAN, 1, 2, 3], [1, 2, 3, NAN])],
)
def test_where_nothing_varies_or_too_little_is_there_is_no_correlation(
    one: list[float], other: list[float]
) -> None:
    assert _agreement.correlation(np.array(one), np.array(other)) is None


def test_intervals_of_correlations_hold_as_often_as_they_say() -> None:
    random, truth, held = np.random.default_rng(5), 0.6, [0, 0]
    # Of the bivariate normal, Spearman's is 6/pi asin(r/2) (Pearson 1907).
    ranked = 6 / math.pi * math.asin(truth / 2)
    trials = 400
    for _ in range(trials):
        x = random.normal(size=50)
        y = truth * x + math.sqrt(1 - truth**2) * random.normal(size=50)
        found = _agreement.correlation(x, y)
        assert found is not None
        held[0] += found.pearson.low <= truth <= found.pearson.high
        held[1] += found.spearman.low <= ranked <= found.spearman.high
    assert all(0.915 * trials <= count <= 0.98 * trials for count in held), held


def test_the_interval_of_rmse_holds_as_often_as_it_says() -> None:
    random, held, trials = np.random.default_rng(6), 0, 300
    for number in range(trials):
        off = np.abs(random.normal(0, 1.5, size=60))
        found = _agreement.rmse(off**2, seed=number)
        held += found.low <= 1.5 <= found.high
    assert 0.89 * trials <= held <= 0.98 * trials, held


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 10)), min_size=1, max_size=30))
def test_nothing_is_ever_nan(pairs: list[tuple[float, float]]) -> None:
    said = [json.dumps({"a": one}) for one, _ in pairs]
    right = [json.dumps({"a": other}) for _, other in pairs]
    found = regression.run(said, right)
    assert np.isfinite(found.per_example).all()
    assert all(math.isfinite(value) for value in [found.total, *found.details.values()])
    assert all(-1 <= value <= 1 for name, value in found.details.items() if "pearson" in name)
