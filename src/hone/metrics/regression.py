"""Regression: how near the scores that were given come to the right ones, on several dimensions.

Needs: predictions and one canonical answer each: JSON objects of a number per dimension.
Gives: 1 - error / width of the scale per example and their mean; in the details MAE and RMSE over
all and per dimension, Pearson's and Spearman's correlation where there is one, and the share of
answers that give every number.
Source: Willmott and Matsuura 2005 (MAE beside RMSE); Pearson 1895; Spearman 1904.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from hone.errors import InvalidInput
from hone.metrics import _agreement
from hone.metrics._scores import Chunk, References, Scores, score_all


class Options(BaseModel):
    """What the numbers are."""

    model_config = ConfigDict(extra="forbid")

    dimensions: list[str] = Field(
        default_factory=list[str],
        description="names, in order; empty: those that any right answer has",
    )
    scale: tuple[float, float] = Field(
        default=(0.0, 10.0), description="lowest and highest number that can be right"
    )

    @model_validator(mode="after")
    def _has_a_width(self) -> Options:
        if not self.scale[0] < self.scale[1]:
            raise ValueError("the scale's lowest number must be below its highest")
        return self


LIMITS: tuple[str, ...] = (
    "A number that is missing, or an answer that cannot be read, is wrong by the whole scale; no "
    "error counts more.",
    "Correlations leave examples without a number out; where one side is constant there is none.",
    "Intervals of correlations take both sides for roughly normal and examples for independent.",
    "All dimensions count alike.",
    "One reference per prediction.",
)


def run(
    predictions: Sequence[str], references: References, options: Options | None = None
) -> Scores:
    """Closeness per prediction; 0 where a reference has no number at all."""
    scorer = Scorer(len(predictions), options or Options())
    return score_all(predictions, references, [scorer])[0]


class Scorer:
    """Closeness on its way over the chunks."""

    def __init__(self, amount: int, options: Options) -> None:
        self._options = options
        self._texts: list[str] = []
        self._answers: list[str] = []

    def add(self, chunk: Chunk) -> None:
        """Take the pairs of one chunk."""
        if len(chunk.owners) != len(chunk.predictions):
            raise InvalidInput(
                "regression takes one reference per prediction.",
                hint="Give the canonical JSON of each example once.",
            )
        self._texts += chunk.predictions
        self._answers += chunk.references

    def absorb(self, part: Scorer, place: slice) -> None:
        """Take over the pairs of a part; parts come in the order of their places."""
        self._texts += part._texts
        self._answers += part._answers

    def finish(self) -> Scores:
        """The scores of all of them."""
        names = self._options.dimensions or _named_in(self._answers)
        width = self._options.scale[1] - self._options.scale[0]
        predicted = _agreement.labels_of(self._texts, names)
        expected = _agreement.labels_of(self._answers, names)
        off = _agreement.errors(predicted, expected, width)
        each = 1 - _row_means(off) / width
        found = np.where(np.isnan(each), 0.0, each)
        details = _details(names, (predicted, expected, off))
        return Scores("regression", found, float(found.mean()), details)


def _named_in(answers: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(name for text in answers for name in _agreement.read_labels(text)))


def _row_means(off: np.ndarray) -> np.ndarray:
    counted = (~np.isnan(off)).sum(1)
    totals = np.nansum(off, axis=1)
    return np.divide(totals, counted, out=np.full(len(off), np.nan), where=counted > 0)


def _details(
    names: Sequence[str], arrays: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> dict[str, float]:
    predicted, expected, off = arrays
    wanted = ~np.isnan(expected)
    answered = ~(np.isnan(predicted) & wanted).any(1)
    found = {"readable": float(answered.mean())}
    if wanted.any():
        found["mae"] = float(np.nanmean(off))
        found["rmse"] = float(np.sqrt(np.nanmean(off**2)))
    for place, name in enumerate(names):
        if not wanted[:, place].any():
            continue
        found[f"mae.{name}"] = float(np.nanmean(off[:, place]))
        found[f"rmse.{name}"] = float(np.sqrt(np.nanmean(off[:, place] ** 2)))
        related = _agreement.correlation(predicted[:, place], expected[:, place])
        if related is not None:
            found[f"pearson.{name}"] = related.pearson.value
            found[f"spearman.{name}"] = related.spearman.value
    return found
