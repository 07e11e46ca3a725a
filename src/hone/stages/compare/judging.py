"""When a difference counts: better, worse, lost, or not enough examples to tell."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from hone.metrics._intervals import Interval
from hone.metrics._paired import (
    Tally,
    examples_needed,
    paired_interval,
    sign_flip_test,
    tally,
)
from hone.records.comparison import Finding, Verdict

POWER = 0.8


class Judged(NamedTuple):
    """A difference of scores with all that is said of it."""

    interval: Interval
    p_value: float
    tally: Tally
    needed: int | None


class Ruled(NamedTuple):
    """What a rule of the gate says of a difference, and why."""

    verdict: Verdict
    says: str
    interval: Interval


def judge(differences: np.ndarray, *, confidence: float = 0.95, seed: int = 0) -> Judged:
    """Interval, exact p, wins and losses, and how many examples would show as much."""
    return Judged(
        paired_interval(differences, confidence=confidence, seed=seed),
        sign_flip_test(differences, seed=seed),
        tally(differences),
        examples_needed(differences, confidence=confidence, power=POWER),
    )


def finding_of(
    judged: Judged, p_adjusted: float, *, confidence: float = 0.95, floor: float = 0.0
) -> Finding:
    """Better or worse only where interval and exact test agree, beyond the noise floor."""
    if judged.tally.wins + judged.tally.losses == 0:
        return "same"
    if p_adjusted <= 1 - confidence:
        if judged.interval.low > floor:
            return "better"
        if judged.interval.high < -floor:
            return "worse"
    return "unclear"


def must_win(
    differences: np.ndarray, *, confidence: float = 0.95, floor: float = 0.0, seed: int = 0
) -> Ruled:
    """Pass where the challenger is better beyond the floor by interval and by exact test.

    Of two equal versions at most (1 - confidence) / 2 pass. Several rules of one gate need no
    correction: all of them must pass, so together they err no more often than one of them.
    """
    judged = judge(differences, confidence=confidence, seed=seed)
    finding = finding_of(judged, judged.p_value, confidence=confidence, floor=floor)
    said = _said(judged)
    amount = len(differences)
    if finding == "better":
        return Ruled("pass", f"better: {said}", judged.interval)
    if finding == "same":
        return Ruled(
            "fail", f"no better: the same score on all {amount:,} examples", judged.interval
        )
    if finding == "worse" or judged.interval.high <= floor:
        return Ruled("fail", f"worse: {said}", judged.interval)
    return Ruled("incomplete", f"{said}. {too_few(judged, amount)}", judged.interval)


def must_not_lose(
    differences: np.ndarray,
    *,
    tolerance: float,
    confidence: float = 0.95,
    floor: float = 0.0,
    seed: int = 0,
) -> Ruled:
    """Pass where a loss beyond tolerance and floor is ruled out, one-sided; fail where it is shown.

    Without enough examples to rule it out nothing passes, however well they went.
    """
    bound = max(tolerance, floor)
    judged = judge(differences, confidence=confidence, seed=seed)
    one_sided = paired_interval(differences, confidence=2 * confidence - 1, seed=seed)
    said = _said(judged)
    finding = finding_of(judged, judged.p_value, confidence=confidence, floor=floor)
    if one_sided.low >= -bound:
        return Ruled("pass", f"no loss beyond {bound:.2f}: {said}", one_sided)
    if finding == "worse":
        return Ruled("fail", f"worse: {said}", one_sided)
    needed = _needed_to_rule_out(differences, bound, confidence)
    about = f"; about {needed:,} would be needed" if needed is not None else ""
    return Ruled(
        "incomplete",
        f"{said}. Not enough examples to rule out a loss of more than {bound:.2f}: there are "
        f"{len(differences):,}{about}",
        one_sided,
    )


def too_few(judged: Judged, amount: int) -> str:
    """The sentence for a difference that these examples do not show."""
    size = abs(judged.interval.value)
    if judged.needed is None:
        reach = max(abs(judged.interval.low), abs(judged.interval.high))
        return (
            f"Not enough examples to tell: they point neither way; with {amount:,} the difference "
            f"may be up to {reach:.2f}"
        )
    needed = max(judged.needed, amount + 1)
    return (
        f"Not enough examples to tell: there are {amount:,}; about {needed:,} would show a "
        f"difference of {size:.3f} four times out of five"
    )


def _needed_to_rule_out(differences: np.ndarray, bound: float, confidence: float) -> int | None:
    room = bound + min(0.0, float(differences.mean()))
    if room <= 0 or len(differences) < 2:
        return None
    normal = NormalDist()
    reach = normal.inv_cdf(confidence) + normal.inv_cdf(POWER)
    # One win and one loss more than there were, as the interval counts.
    spread = float(np.concatenate((differences, (1.0, -1.0))).std())
    return max(len(differences) + 1, math.ceil((reach * spread / room) ** 2))


def _said(judged: Judged) -> str:
    value, low, high = judged.interval
    counted = judged.tally
    return (
        f"{value:+.3f} [{low:+.3f}, {high:+.3f}], p {judged.p_value:.3g}, "
        f"{counted.wins:,} won, {counted.losses:,} lost, {counted.ties:,} the same"
    )
