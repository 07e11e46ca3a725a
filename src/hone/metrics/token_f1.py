"""Token F1: how many words the prediction shares with a reference, as in SQuAD.

Needs: predictions and one or more reference texts each; numpy.
Gives: F1 per example (the best over its references) and their mean.
Source: Rajpurkar et al. 2016, SQuAD evaluation script v1.1 (and v2.0 for empty answers).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from hone.metrics._ngrams import shared_ngrams
from hone.metrics._scores import Chunk, References, Scores, f_measure, score_all
from hone.metrics._words import as_squad


class Options(BaseModel):
    """Which of the two published definitions."""

    model_config = ConfigDict(extra="forbid")

    squad_version: Literal["1.1", "2.0"] = Field(
        default="1.1",
        description="1.1: no shared word is 0; 2.0: an empty prediction of an empty answer is 1",
    )


LIMITS: tuple[str, ...] = (
    "Word order does not count.",
    "Words are what white space separates: texts in Chinese, Japanese or Thai are one word.",
    "A text of articles and punctuation alone has no words; in version 1.1 it scores 0 even "
    "against itself.",
)


def run(
    predictions: Sequence[str], references: References, options: Options | None = None
) -> Scores:
    """F1 of word multisets per prediction."""
    scorer = Scorer(len(predictions), options or Options())
    return score_all(predictions, references, [scorer])[0]


class Scorer:
    """Token F1 on its way over the chunks."""

    def __init__(self, amount: int, options: Options) -> None:
        self._empty_matches_empty = options.squad_version == "2.0"
        self._per_example = np.zeros(amount)

    def add(self, chunk: Chunk) -> None:
        """Score the pairs of one chunk."""
        predicted, expected = chunk.paired_words(as_squad)
        shared = shared_ngrams(predicted, expected, np.arange(len(expected)), 1)[:, 0]
        precision = shared / np.maximum(predicted.lengths, 1)
        recall = shared / np.maximum(expected.lengths, 1)
        f1 = f_measure(precision, recall)
        if self._empty_matches_empty:
            f1[(predicted.lengths == 0) & (expected.lengths == 0)] = 1.0
        self._per_example[chunk.place] = chunk.best_of_references(f1)

    def absorb(self, part: Scorer, place: slice) -> None:
        """Take over what was scored of the pairs at this place."""
        self._per_example[place] = part._per_example

    def finish(self) -> Scores:
        """The scores of all of them."""
        return Scores("token_f1", self._per_example, float(self._per_example.mean()))
