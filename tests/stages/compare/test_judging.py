"""When a difference counts: what is won, lost or ruled out, beyond the noise floor, or not told."""

from __future__ import annotations

import numpy as np
import pytest

from hone.stages.compare.judging import finding_of, judge, must_not_lose, must_win


def scores(won: int, lost: int, same: int) -> np.ndarray:
    return np.array([1.0] * won + [-1.0] * lost + [0.0] * same)


@pytest.mark.parametrize(
    ("won", "lost", "same", "finding"),
    [
        (20, 2, 78, "better"),
        (2, 20, 78, "worse"),
        (12, 10, 78, "unclear"),
        (0, 0, 100, "same"),
        (5, 0, 0, "unclear"),  # the exact test reaches no less than .0625
        (6, 0, 94, "better"),
    ],
)
def test_a_finding_needs_both_interval_and_exact_test(
    won: int, lost: int, same: int, finding: str
) -> None:
    judged = judge(scores(won, lost, same))
    assert finding_of(judged, judged.p_value) == finding


def test_what_repeating_explains_is_no_win() -> None:
    better = scores(20, 2, 78)
    assert must_win(better).verdict == "pass"
    assert must_win(better, floor=0.05).verdict == "pass"
    assert must_win(better, floor=0.15).verdict == "incomplete"


def test_a_win_that_is_not_shown_says_how_many_examples_would_show_it() -> None:
    ruled = must_win(scores(12, 8, 80))
    assert ruled.verdict == "incomplete"
    # (2.8016 * .44767 / .04)² = 983.1: worked with the spread of these 100.
    assert (
        "there are 100; about 984 would show a difference of 0.040 four times out of" in ruled.says
    )
    assert "they point neither way" in must_win(scores(10, 10, 80)).says


def test_a_clear_loss_fails_and_one_that_is_only_unlikely_is_incomplete() -> None:
    assert must_not_lose(scores(2, 30, 68), tolerance=0.05).verdict == "fail"
    open_ = must_not_lose(scores(5, 6, 89), tolerance=0.05)
    assert open_.verdict == "incomplete"
    assert "Not enough examples to rule out a loss of more than 0.05: there are 100" in open_.says
    assert must_not_lose(scores(50, 60, 1890), tolerance=0.05).verdict == "pass"
    # A loss that repeating the base would explain as well.
    assert must_not_lose(scores(5, 6, 89), tolerance=0.01, floor=0.1).verdict == "pass"


def test_equal_versions_seldom_pass_as_a_win_and_better_ones_often_do() -> None:
    random = np.random.default_rng(20261130)

    def passes(chances: list[float]) -> float:
        drawn = (random.choice([1.0, -1.0, 0.0], 200, p=chances) for _ in range(200))
        return sum(must_win(one).verdict == "pass" for one in drawn) / 200

    assert passes([0.1, 0.1, 0.8]) <= 0.05
    assert passes([0.25, 0.05, 0.7]) >= 0.95
    assert passes([0.05, 0.25, 0.7]) == 0.0
