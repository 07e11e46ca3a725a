"""Figures of scores on several dimensions: errors and correlations, with intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hone.metrics import _agreement
from hone.metrics._intervals import Interval, proportion
from hone.metrics.by_example import DIMENSION
from hone.records.model import Measured
from hone.records.task import Task

READABLE = "labels_read"


def label_figures(
    task: Task, texts: Sequence[str], answers: Sequence[str], *, seed: int = 0
) -> dict[str, Measured]:
    """MAE and RMSE over all dimensions and of each, in points of the scale; correlations of each.

    What is missing or unreadable is wrong by the whole scale. A dimension on which one side is
    constant, as in the row "predict the mean", has no correlation.
    """
    names = task.dimensions
    width = task.scale[1] - task.scale[0]
    if not names or width <= 0:
        return {}
    predicted = _agreement.labels_of(texts, names)
    expected = _agreement.labels_of(answers, names)
    off = _agreement.errors(predicted, expected, width)
    answered = int((~np.isnan(predicted)).all(1).sum())
    found = {
        "mae": _measured(_agreement.mae(off.mean(1), seed=seed)),
        "rmse": _measured(_agreement.rmse((off**2).mean(1), seed=seed)),
        READABLE: _measured(proportion(answered, len(texts))),
    }
    for place, name in enumerate(names):
        one = f"{DIMENSION}{name}"
        found[f"{one}.mae"] = _measured(_agreement.mae(off[:, place], seed=seed))
        found[f"{one}.rmse"] = _measured(_agreement.rmse(off[:, place] ** 2, seed=seed))
        related = _agreement.correlation(predicted[:, place], expected[:, place])
        if related is not None:
            found[f"{one}.pearson"] = _measured(related.pearson)
            found[f"{one}.spearman"] = _measured(related.spearman)
    return found


def _measured(interval: Interval) -> Measured:
    return Measured(value=interval.value, low=interval.low, high=interval.high)
