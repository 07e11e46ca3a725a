"""Scores answers: one 0-to-1 score each, figures with intervals, and paired differences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel

from hone import shelf
from hone.errors import HoneError
from hone.metrics._calibration import calibration
from hone.metrics._intervals import Interval, mean_interval, proportion
from hone.metrics._paired import paired_interval
from hone.metrics.by_example import (
    exact_match_options,
    judged_texts,
    task_scores,
    token_f1_options,
)
from hone.metrics.together import run_together
from hone.records.evaluation import Bands, Contender, Row, band_of
from hone.records.model import Measured
from hone.records.task import Task
from hone.stages.evaluate.labels import label_figures
from hone.stages.evaluate.preferring import (
    not_weighed,
    preference_figures,
    preferred_text,
    share_of,
    weighed_of,
)
from hone.stages.evaluate.questions import Question
from hone.workspace.predictions import Prediction, Read
from hone.workspace.store import Score

_ABSENT = object()
ROUNDING = 1e-6


class Scored(NamedTuple):
    """One contender: its row of figures, and its score on every example."""

    row: Row
    scores: list[Score]


class Terms(NamedTuple):
    """The seed of intervals, the bounds of colours, and the worse answers by example."""

    seed: int = 0
    bands: Bands = Bands()
    rejected: Mapping[str, Sequence[str]] = {}


def score_contender(
    task: Task,
    contender: Contender,
    questions: Sequence[Question],
    read: Read,
    *,
    terms: Terms | None = None,
) -> Scored:
    """The row of one contender; HoneError where an example was not answered at all."""
    predictions = read.answers
    seed, bands, rejected = terms = terms or Terms()
    if contender.generator == "reward":
        return _scored_reward(contender, questions, read, terms)
    missing = [one.id for one in questions if one.id not in predictions]
    if missing:
        raise HoneError(
            f"{contender.name} left {len(missing)} of {len(questions)} examples without an answer.",
            hint="Run the same command again: it goes on where it stopped.",
        )
    found = [predictions[one.id] for one in questions]
    texts, answers = [one.text for one in found], [one.answer for one in questions]
    values = task_scores(task, texts, answers)
    scores = [
        Score(contender.name, question.id, value, band_of(value, bands), text)
        for question, value, text in zip(questions, values, texts, strict=True)
    ]
    row = Row(
        contender=contender.name,
        examples=len(questions),
        score=_measured(mean_interval(values, seed=seed)),
        metrics=figures(task, texts, answers, seed=seed)
        | confidence_figures(found, values, seed)
        | preference_figures(contender, read, rejected, seed=seed),
        bands=dict(Counter(score.band for score in scores)),
        troubles=_troubles(found, answers) | _told_twice(read, questions) | not_weighed(read),
        seconds=round(sum(one.seconds for one in found), 6),
    )
    return Scored(row, scores)


def _scored_reward(
    contender: Contender, questions: Sequence[Question], read: Read, terms: Terms
) -> Scored:
    """A reward model: its score is the share of an example's pairs that it has in order."""
    told = dict(zip(terms.rejected, weighed_of(contender, read, terms.rejected), strict=True))
    shares = [share_of(told[one.id]) for one in questions]
    scores = [
        Score(
            contender.name,
            one.id,
            share,
            band_of(share, terms.bands),
            preferred_text(one, told[one.id], terms.rejected[one.id]),
        )
        for one, share in zip(questions, shares, strict=True)
    ]
    row = Row(
        contender=contender.name,
        examples=len(questions),
        score=_measured(mean_interval(shares, seed=terms.seed)),
        metrics=preference_figures(contender, read, terms.rejected, seed=terms.seed),
        bands=dict(Counter(score.band for score in scores)),
        troubles=not_weighed(read),
        seconds=round(sum(one.seconds for one in told.values()), 6),
    )
    return Scored(row, scores)


def figures(
    task: Task, texts: Sequence[str], answers: Sequence[str], *, seed: int = 0
) -> dict[str, Measured]:
    """The task's metrics by name; proportions and means have intervals, corpus BLEU has none."""
    texts, answers = judged_texts(task, texts), judged_texts(task, answers)
    wanted: dict[str, BaseModel | None] = dict.fromkeys(shelf.load("tasks", task.kind).METRICS)
    if "token_f1" in wanted:
        wanted["token_f1"] = token_f1_options()
    if "exact_match" in wanted:
        wanted["exact_match"] = exact_match_options(task)
    amount = len(texts)
    found: dict[str, Measured] = {}
    if wanted.pop("regression", _ABSENT) is not _ABSENT:
        found |= label_figures(task, texts, answers, seed=seed)
    for name, scores in run_together(texts, answers, wanted).items():
        if name == "bleu":
            found["bleu"] = Measured(value=scores.total)
        elif name == "json_fields":
            found |= _field_figures(task, scores, amount, seed)
        elif name == "rouge":
            found["rouge_l"] = _measured(mean_interval(scores.per_example, seed=seed))
            for variant in ("rouge1", "rouge2"):
                found[variant.replace("rouge", "rouge_")] = Measured(value=scores.details[variant])
        else:
            found[name] = _measured(mean_interval(scores.per_example, seed=seed))
    return found


def confidence_figures(
    found: Sequence[Prediction], scores: Sequence[float] | np.ndarray, seed: int
) -> dict[str, Measured]:
    """How far the confidence of answers lies from their scores; nothing where few have one."""
    told = calibration(
        [_share(one.confidence) for one in found], np.clip(scores, 0.0, 1.0).tolist(), seed=seed
    )
    if told is None:
        return {}
    return {
        "confidence": _measured(told.confidence),
        "confidence_gap": _measured(told.gap),
        "calibration_error": Measured(value=told.error),
        "brier": _measured(told.brier),
    }


def _share(confidence: float | None) -> float | None:
    """A confidence as it may count, without rounding above 1; what is no share says nothing."""
    if confidence is None or not -ROUNDING <= confidence <= 1 + ROUNDING:
        return None
    return min(1.0, max(0.0, confidence))


def differences(main: str, scored: Mapping[str, Scored], *, seed: int = 0) -> dict[str, Measured]:
    """The main contender minus each other one, paired by example, of the task's score.

    Where the main one is the base itself, the others minus the base.
    """
    others = [other for other in scored if other != main]
    if main not in scored:
        return {}
    pairs = [(other, main) if main == "base" else (main, other) for other in others]
    return {
        f"{one} - {other}": _measured(
            paired_interval(_values(scored[one]) - _values(scored[other]), seed=seed)
        )
        for one, other in pairs
    }


def _values(scored: Scored) -> np.ndarray:
    return np.array([score.score for score in scored.scores])


def _field_figures(task: Task, scores: Any, amount: int, seed: int) -> dict[str, Measured]:
    details: Mapping[str, float] = scores.details
    found = {"field_f1": _measured(mean_interval(np.asarray(scores.per_example), seed=seed))}
    for name, share in (("json_valid", "valid"), ("json_exact", "exact")):
        found[name] = _measured(proportion(round(details[share] * amount), amount))
    parts = ("precision", "recall", "f1")
    # Over all fields of all examples together; a model's invented fields are not listed one by one.
    found |= {f"micro_{part}": Measured(value=details[part]) for part in parts}
    for name in task.fields:
        for part in parts:
            if f"field.{name}.{part}" in details:
                found[f"field.{name}.{part}"] = Measured(value=details[f"field.{name}.{part}"])
    return found


def _troubles(found: Sequence[Prediction], answers: Sequence[str]) -> dict[str, int]:
    pairs = zip(found, answers, strict=True)
    counted = {
        "not_answered": sum(bool(one.problem) for one in found),
        "empty": sum(
            not one.text.strip() and bool(right.strip()) and not one.problem for one, right in pairs
        ),
        "cut_off": sum(not one.is_complete for one in found),
        "prompt_shortened": sum(one.cut_tokens > 0 for one in found),
    }
    return {name: count for name, count in counted.items() if count}


def _told_twice(read: Read, questions: Sequence[Question]) -> dict[str, int]:
    """Lines of the file of answers that count for nothing."""
    beside = len(read.answers.keys() - {one.id for one in questions})
    counted = {"doubled": read.doubled, "torn": read.unreadable, "beside": beside}
    return {name: count for name, count in counted.items() if count}


def _measured(interval: Interval) -> Measured:
    return Measured(value=interval.value, low=interval.low, high=interval.high)
