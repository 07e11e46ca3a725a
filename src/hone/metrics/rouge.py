"""ROUGE-1, -2 and -L: overlap of words, word pairs and the longest common subsequence.

Needs: predictions and one or more reference texts each; numpy, rapidfuzz.
Gives: F-measure per example of the first variant asked for (the best over its references) and
its mean; mean precision, recall and F-measure of every variant in the details.
Source: Lin 2004; equal to Google's `rouge_score` 0.1.2 without stemmer and to ROUGE-1.5.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from hone.metrics._ngrams import shared_ngrams
from hone.metrics._scores import Chunk, References, Scores, f_measure, score_all
from hone.metrics._words import Numbered, as_rouge, by_white_space

Variant = Literal["rouge1", "rouge2", "rouge3", "rouge4", "rougeL"]


class Options(BaseModel):
    """Which variants, and how words, precision and recall are treated."""

    model_config = ConfigDict(extra="forbid")

    variants: tuple[Variant, ...] = Field(
        default=("rougeL", "rouge1", "rouge2"),
        min_length=1,
        description="which to compute; the first gives the score per example",
    )
    tokenize: Literal["rouge", "whitespace"] = Field(
        default="rouge",
        description="rouge: lower-cased runs of a-z and 0-9; whitespace: between white space",
    )
    beta: float = Field(
        default=1.0,
        gt=0,
        description="weight of recall against precision in the F-measure; 1 is even",
    )
    references: Literal["best_f", "best_parts"] = Field(
        default="best_f",
        description="several references: best_f takes the one with the highest F-measure "
        "(rouge_score); best_parts the highest precision and the highest recall (COCO captions)",
    )


LIMITS: tuple[str, ...] = (
    "The rouge tokeniser drops every letter outside a-z: use tokenize=whitespace for texts in "
    "other alphabets.",
    "No stemmer; rouge_score with use_stemmer=True gives other values.",
    "ROUGE-Lsum is not offered; ROUGE-L takes the whole text as one sentence.",
    "Time for ROUGE-L grows with the product of the two lengths (64 words at a step).",
)


def run(
    predictions: Sequence[str], references: References, options: Options | None = None
) -> Scores:
    """F-measure of the first variant; the means of the others are in the details."""
    scorer = Scorer(len(predictions), options or Options())
    return score_all(predictions, references, [scorer])[0]


def run_each(
    predictions: Sequence[str], references: References, options: Options | None = None
) -> dict[str, Scores]:
    """The scores per example of each variant; the texts are tokenised once."""
    scorer = Scorer(len(predictions), options or Options())
    score_all(predictions, references, [scorer])
    return scorer.each()


class Scorer:
    """ROUGE on its way over the chunks."""

    def __init__(self, amount: int, options: Options) -> None:
        self._options = options
        self._tokenise = as_rouge if options.tokenize == "rouge" else by_white_space
        # Rows: precision, recall, F-measure.
        self._parts = {variant: np.zeros((3, amount)) for variant in options.variants}

    def add(self, chunk: Chunk) -> None:
        """Score the pairs of one chunk."""
        predicted, expected = chunk.paired_words(self._tokenise)
        for variant, found in _parts_of_pairs(predicted, expected, self._options).items():
            parts = _over_references(*found, chunk, self._options)
            self._parts[variant][:, chunk.place] = parts

    def absorb(self, part: Scorer, place: slice) -> None:
        """Take over what was scored of the pairs at this place."""
        for variant, found in part._parts.items():
            self._parts[variant][:, place] = found

    def each(self) -> dict[str, Scores]:
        """The scores of each variant."""
        return {
            variant: Scores(
                variant,
                found[2],
                float(found[2].mean()),
                {"precision": float(found[0].mean()), "recall": float(found[1].mean())},
            )
            for variant, found in self._parts.items()
        }

    def finish(self) -> Scores:
        """The first variant, with the means of all as details."""
        details: dict[str, float] = {}
        every = self.each()
        for variant, scores in every.items():
            details[variant] = scores.total
            details |= {f"{variant}.{name}": value for name, value in scores.details.items()}
        first = every[self._options.variants[0]]
        return Scores("rouge", first.per_example, first.total, details)


def longest_common_subsequences(left: Numbered, right: Numbered) -> np.ndarray:
    """Length of the longest common subsequence of words of text i on both sides, for each i."""
    from rapidfuzz.distance import LCSseq
    from rapidfuzz.process import cpdist

    # One character per word lets rapidfuzz compare 64 words at a step without Python objects.
    # Surrogates are no characters, so the numbers from there on are moved up.
    highest = max(
        (int(side.numbers.max()) for side in (left, right) if len(side.numbers)), default=0
    )
    if highest + 0x800 <= 0x10FFFF:
        return cpdist(_as_text(left), _as_text(right), scorer=LCSseq.similarity, dtype=np.int64)
    pairs = zip(_as_lists(left), _as_lists(right), strict=True)
    return np.array([LCSseq.similarity(one, other) for one, other in pairs], np.int64)


def _as_text(words: Numbered) -> list[str]:
    numbers = np.where(words.numbers < 0xD800, words.numbers, words.numbers + 0x800)
    text = numbers.astype("<u4").tobytes().decode("utf-32-le")
    places = words.starts.tolist()
    return [text[start:end] for start, end in pairwise(places)]


def _as_lists(words: Numbered) -> list[list[int]]:
    numbers, places = words.numbers.tolist(), words.starts.tolist()
    return [numbers[start:end] for start, end in pairwise(places)]


def _parts_of_pairs(
    predicted: Numbered, expected: Numbered, options: Options
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Precision and recall of each pair, for each variant."""
    orders = [int(variant[-1]) for variant in options.variants if variant != "rougeL"]
    each = np.arange(len(expected))
    shared = shared_ngrams(predicted, expected, each, max(orders, default=0))
    parts: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for variant in options.variants:
        if variant == "rougeL":
            overlap, lost = longest_common_subsequences(predicted, expected), 0
        else:
            overlap, lost = shared[:, int(variant[-1]) - 1], int(variant[-1]) - 1
        parts[variant] = (
            overlap / np.maximum(predicted.lengths - lost, 1),
            overlap / np.maximum(expected.lengths - lost, 1),
        )
    return parts


def _over_references(
    precision: np.ndarray, recall: np.ndarray, chunk: Chunk, options: Options
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision, recall and F-measure of each prediction."""
    if not chunk.has_single_references:
        if options.references == "best_parts":
            precision = np.maximum.reduceat(precision, chunk.starts)
            recall = np.maximum.reduceat(recall, chunk.starts)
        else:
            # Order by prediction, then falling F-measure; stable, so that the first of equals wins.
            best = np.lexsort((-_f(precision, recall, options.beta), chunk.owners))[chunk.starts]
            precision, recall = precision[best], recall[best]
    return precision, recall, _f(precision, recall, options.beta)


def _f(precision: np.ndarray, recall: np.ndarray, beta: float) -> np.ndarray:
    if beta == 1.0:
        return f_measure(precision, recall)
    weighted = recall + beta**2 * precision
    return np.divide(
        (1 + beta**2) * precision * recall,
        weighted,
        out=np.zeros_like(weighted),
        where=weighted > 0,
    )
