"""A learning curve says what more labels bring, or plainly that nobody can tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from hone.errors import InvalidInput
from hone.records.curve import CurveRun, LearningCurve
from hone.records.model import Measured
from hone.stages.curve import CurveOptions, Known, curve_options, judge
from hone.stages.curve.report import as_lines, as_markdown, as_page

SIZES = (50, 100, 200, 400)


def known(**more: object) -> Known:
    fields = Known(
        id="20261130-120000",
        at=datetime(2026, 11, 30, 12, tzinfo=UTC),
        dataset="pickup@1",
        task="pickup",
        score="field_f1",
        on="pickup@1/test",
        asked=200,
        method="sft",
        base="hone-nano",
        examples=400,
    )
    return fields._replace(**more)


def runs(
    score: Callable[[int], float], *, spread: float = 0.0, sizes: Sequence[int] = SIZES
) -> list[CurveRun]:
    random = np.random.default_rng(0)
    found: list[CurveRun] = []
    for size in sizes:
        for seed in (0, 1):
            value = float(np.clip(score(size) + random.normal(0, spread), 0, 1))
            found.append(
                CurveRun(
                    examples=size,
                    rows=size,
                    steps=size // 8,
                    seed=seed,
                    job=f"train-{size}-{seed}",
                    score=Measured(
                        value=value, low=max(0, value - 0.05), high=min(1, value + 0.05)
                    ),
                )
            )
    return found


def rising(size: int) -> float:
    return 0.9 - 0.4 * (size / 400) ** -0.4


def flat(size: int) -> float:
    return 0.7


def test_a_rising_curve_says_that_more_helps_with_an_interval() -> None:
    found = judge(known(), runs(rising, spread=0.005))
    assert found.outlook == "more helps" and found.prediction is not None
    score, gain = found.prediction.score, found.prediction.gain
    assert found.prediction.examples == 800
    assert score.low is not None and score.high is not None and gain.low is not None
    assert score.low <= rising(800) <= score.high and score.high - score.low <= 0.15
    assert gain.low > 0.01 and "800 examples instead of 400" in found.says


def test_a_flat_curve_says_that_there_is_little_to_gain() -> None:
    assert judge(known(), runs(flat, spread=0.002)).outlook == "little to gain"


def test_scattered_runs_say_that_it_cannot_be_told() -> None:
    found = judge(known(), runs(flat, spread=0.12))
    assert found.outlook == "not enough to tell"
    assert found.says.startswith("Not enough to tell: the interval is 0.")


def test_a_falling_curve_is_no_promise() -> None:
    found = judge(known(), runs(lambda size: 0.9 - size / 1000, spread=0.01))
    assert found.outlook != "more helps"


def test_few_held_out_examples_say_that_it_cannot_be_told() -> None:
    found = judge(known(asked=12), runs(rising, spread=0.005))
    assert found.outlook == "not enough to tell" and "12 held-out examples" in found.says


def test_failed_trainings_are_named_and_too_few_are_no_curve() -> None:
    some = runs(rising)
    failed = [one.model_copy(update={"score": None, "problem": "it diverged."}) for one in some[:2]]
    found = judge(known(), [*failed, *some[2:]])
    assert found.outlook == "not enough to tell" and found.prediction is None
    assert "6 trainings on 3 numbers" in found.says
    assert found.notes == [f"{one.job} on 50 examples has no score: it diverged." for one in failed]


def test_without_a_run_on_everything_there_is_no_prediction() -> None:
    whole = runs(rising, sizes=(25, 50, 100, 200, 400))
    failed = [
        one.model_copy(update={"score": None}) if one.examples == 400 else one for one in whole
    ]
    assert judge(known(), failed).prediction is None


def test_how_many_examples_a_score_takes() -> None:
    some = runs(rising, spread=0.002)
    near, here, never = (judge(known(reach=score), some).needed for score in (0.6, 0.3, 0.99))
    assert near is not None and here is not None and never is not None
    # 0.9 - 0.4 (n / 400)^-0.4 = 0.6 at n = 400 (4/3)^2.5.
    assert near.low is not None and near.examples is not None
    assert near.low <= 400 * (4 / 3) ** 2.5 <= (near.high or np.inf)
    assert here.says == "0.3 is reached with the examples of today."
    assert never.examples is None and never.says.startswith("Not enough to tell how many")


@pytest.mark.parametrize(
    ("examples", "expected"),
    [(400, [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1]), (100, [1 / 8, 1 / 4, 1 / 2, 1])],
)
def test_parts_halve_and_those_with_too_few_examples_are_left_out(
    examples: int, expected: list[float]
) -> None:
    assert CurveOptions().shares(examples) == expected


def test_a_dataset_that_is_too_small_is_refused_before_anything_is_trained() -> None:
    with pytest.raises(InvalidInput, match="at least 64") as caught:
        CurveOptions().shares(40)
    assert "most_valuable" in caught.value.hint


def test_every_wrong_choice_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        curve_options(points=2, repeats=0, split="train", reach=2)
    assert len(caught.value.problems) == 4


def test_the_report_draws_the_curve_and_takes_no_markup_from_records() -> None:
    hostile = "<script>alert(1)</script>"
    some = [*runs(rising), *runs(rising, sizes=(25,))]
    some[-1] = some[-1].model_copy(update={"score": None, "problem": hostile})
    found = judge(known(base=hostile, reach=0.6), some)
    page, markdown = as_page(found), as_markdown(found)
    assert "<script" not in page and "&lt;script" in page
    assert "<script" not in markdown.replace("\\<script", "") and "\\<script" in markdown
    assert page.count("<circle") == len(some) - 1 + 1 and ">predicted</text>" in page
    assert "default-src 'none'" in page
    assert all(line.split(":")[0] in page for line in as_lines(found)[:1])
    assert LearningCurve.model_validate_json(found.model_dump_json()) == found
