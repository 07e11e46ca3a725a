"""What a learning curve says: the score at twice the examples, or that nobody can tell yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from hone.metrics._power_law import LEAST_SIZES, Curves, Run, fit, interval
from hone.records.curve import CurveRun, LearningCurve, Needed, Outlook, Prediction
from hone.records.model import Measured

MOST_WIDTH = 0.15
"""A wider interval of the score says too little to decide by."""
WORTH = 0.01
"""A gain of the score that is worth mentioning."""
FURTHEST = 16
"""Times the examples of today, beyond which no number is named."""
LEAST_ASKED = 30
"""Held-out examples, below which a score is known too badly for any curve."""


class Known(NamedTuple):
    """What a curve is judged by, beside its runs."""

    id: str
    at: datetime
    dataset: str
    task: str
    score: str
    on: str
    asked: int
    method: str
    base: str
    examples: int
    seed: int = 0
    reach: float | None = None
    notes: Sequence[str] = ()


def judge(known: Known, runs: Sequence[CurveRun]) -> LearningCurve:
    """The curve with its prediction at twice the examples, and what follows from it."""
    scored = [
        Run(run.examples, min(1.0, max(0.0, run.score.value)))
        for run in runs
        if run.score is not None
    ]
    notes = [*known.notes, *_failures(runs)]
    prediction = needed = None
    outlook: Outlook = "not enough to tell"
    sizes = {run.examples for run in scored}
    if len(sizes) < LEAST_SIZES or max(sizes) < known.examples:
        says = (
            f"Not enough to tell: {len(scored)} trainings on {len(sizes)} numbers of examples have "
            f"a score, and a curve needs {LEAST_SIZES} numbers, all examples among them."
        )
    else:
        curves = fit(scored, seed=known.seed)
        prediction = _predicted(curves, 2 * known.examples, known.on)
        outlook, says = _outlook(known, prediction)
        needed = _needed(curves, known.reach) if known.reach is not None else None
    return LearningCurve(
        id=known.id,
        dataset=known.dataset,
        task=known.task,
        score=known.score,
        on=known.on,
        asked=known.asked,
        at=known.at,
        method=known.method,
        base=known.base,
        examples=known.examples,
        seed=known.seed,
        runs=list(runs),
        prediction=prediction,
        needed=needed,
        outlook=outlook,
        says=says,
        notes=notes,
    )


def _failures(runs: Sequence[CurveRun]) -> list[str]:
    return [
        f"{run.job} on {run.examples:,} examples has no score: {run.problem}"
        for run in runs
        if run.score is None
    ]


def _predicted(curves: Curves, examples: int, on: str) -> Prediction:
    score = interval(curves.of_one_training(examples))
    gain = interval(curves.at(examples) - curves.level)
    return Prediction(
        examples=examples,
        score=Measured(value=score.value, low=score.low, high=score.high, on=on),
        gain=Measured(value=gain.value, low=gain.low, high=gain.high, on=on),
    )


def _outlook(known: Known, prediction: Prediction) -> tuple[Outlook, str]:
    score, gain = prediction.score, prediction.gain
    assert score.low is not None and score.high is not None  # both have intervals
    assert gain.low is not None and gain.high is not None
    expected = (
        f"{prediction.examples:,} examples instead of {known.examples:,} are expected to score "
        f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}], "
        f"{gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"
    )
    if known.asked < LEAST_ASKED:
        why = f"{known.asked} held-out examples measure a score too badly"
        return "not enough to tell", f"Not enough to tell: {why}. {expected}."
    if score.high - score.low > MOST_WIDTH:
        why = f"the interval is {score.high - score.low:.2f} wide, more than {MOST_WIDTH:g}"
        return "not enough to tell", f"Not enough to tell: {why}. {expected}."
    if gain.high < 2 * WORTH:
        return "little to gain", f"More labels of this kind would bring little: {expected}."
    if gain.low >= WORTH:
        return "more helps", f"More labels would help: {expected}."
    return "not enough to tell", (
        f"Not enough to tell whether more labels help: {expected}. More repeats narrow it."
    )


def _needed(curves: Curves, score: float) -> Needed:
    """Ends of the interval and its middle, as far as they lie within sixteen times of today."""
    most = FURTHEST * curves.largest
    wanted = np.sort(curves.examples_for(score))
    low, middle, high = (
        float(wanted[min(len(wanted) - 1, int(share * len(wanted)))])
        for share in (0.025, 0.5, 0.975)
    )
    if middle <= curves.largest:
        says = f"{score:g} is reached with the examples of today."
    elif middle > most:
        says = (
            f"Not enough to tell how many examples a score of {score:g} takes: more than "
            f"{most:,}, or it is never reached."
        )
    else:
        end = f"{round(high):,}" if high <= most else f"more than {most:,}"
        says = (
            f"A score of {score:g} takes about {round(middle):,} examples "
            f"({round(low):,} to {end})."
        )
    low_end, middle_end, high_end = (
        round(one) if one <= most else None for one in (low, middle, high)
    )
    return Needed(score=score, examples=middle_end, low=low_end, high=high_end, says=says)
