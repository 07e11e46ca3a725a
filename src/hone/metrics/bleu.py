"""BLEU: clipped n-gram precision with a penalty for brevity, per sentence and for the corpus.

Needs: predictions and one or more reference texts each; numpy.
Gives: sentence BLEU (effective order) in 0 to 1 per example; the total is corpus BLEU in 0 to 1,
not their mean; brevity penalty, lengths and precisions in the details.
Source: Papineni et al. 2002; equal to sacrebleu 2.6.0 (Post 2018) with the same options.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from hone.errors import InvalidInput
from hone.metrics._intervals import Interval
from hone.metrics._ngrams import shared_ngrams
from hone.metrics._scores import Chunk, References, Scores, score_all
from hone.metrics._words import Numbered, as_13a, by_white_space


class Options(BaseModel):
    """sacrebleu's options under their own names where they have one."""

    model_config = ConfigDict(extra="forbid")

    tokenize: Literal["13a", "none"] = Field(
        default="13a", description="13a: mteval-v13a as in WMT; none: what white space separates"
    )
    max_order: int = Field(default=4, ge=1, le=9, description="longest n-gram, in words")
    smooth: Literal["exp", "none"] = Field(
        default="exp",
        description="exp: an order without a match gets half of the one before; none: 0",
    )
    lowercase: bool = Field(default=False, description="compare in lower case")


RESAMPLES = 1000

LIMITS: tuple[str, ...] = (
    "A figure for a corpus: the BLEU of one sentence is rough, and the mean of the sentences is "
    "not the corpus BLEU.",
    "The tokeniser 13a is made for European languages; Chinese, Japanese and Korean need their "
    "own (sacrebleu has them).",
    "Only BLEU figures with the same tokeniser, order and smoothing can be compared.",
)


def run(
    predictions: Sequence[str], references: References, options: Options | None = None
) -> Scores:
    """Sentence BLEU per prediction and corpus BLEU as total, both 0 to 1."""
    scorer = Scorer(len(predictions), options or Options())
    return score_all(predictions, references, [scorer])[0]


def count(
    predictions: Sequence[str], references: References, options: Options | None = None
) -> np.ndarray:
    """Sufficient statistics per segment, int64, shape (predictions, 2 + 2 * max_order).

    Columns: words, words of the closest reference, matches per order, n-grams per order. Sums
    over any choice of rows give the corpus BLEU of that choice through `bleu_of`, so resampling
    never counts again.
    """
    scorer = Scorer(len(predictions), options or Options())
    score_all(predictions, references, [scorer])
    return scorer.counts


class Scorer:
    """BLEU on its way over the chunks."""

    def __init__(self, amount: int, options: Options) -> None:
        self._options = options
        self.counts = np.zeros((amount, 2 + 2 * options.max_order), np.int64)

    def add(self, chunk: Chunk) -> None:
        """Count the n-grams of one chunk."""
        if self._options.lowercase:
            chunk = chunk.in_lower_case()
        if self._options.tokenize == "13a":
            predicted, expected = chunk.without_line_ends().words(as_13a)
        else:
            predicted, expected = chunk.words(by_white_space)
        order = self._options.max_order
        rows = self.counts[chunk.place]
        rows[:, 0] = predicted.lengths
        rows[:, 1] = _closest_lengths(predicted, expected, chunk)
        rows[:, 2 : 2 + order] = shared_ngrams(predicted, expected, chunk.owners, order)
        rows[:, 2 + order :] = np.maximum(rows[:, :1] - np.arange(order), 0)

    def absorb(self, part: Scorer, place: slice) -> None:
        """Take over what was counted of the pairs at this place."""
        self.counts[place] = part.counts

    def finish(self) -> Scores:
        """Sentence BLEU of each row, corpus BLEU of their sum."""
        order, smooth = self._options.max_order, self._options.smooth
        corpus = self.counts.sum(axis=0, keepdims=True)
        sentence = bleu_of(self.counts, smooth=smooth, stops_at_length=True)
        total = float(bleu_of(corpus, smooth=smooth, stops_at_length=False)[0])
        details = {
            "brevity_penalty": float(_brevity_penalty(corpus)[0]),
            "length": float(corpus[0, 0]),
            "reference_length": float(corpus[0, 1]),
            "sentence_mean": float(sentence.mean()),
        }
        for n in range(order):
            matched, possible = corpus[0, 2 + n], corpus[0, 2 + order + n]
            details[f"precision_{n + 1}"] = float(matched / max(possible, 1))
        return Scores("bleu", sentence, total, details)


def bleu_of(counts: np.ndarray, *, smooth: str = "exp", stops_at_length: bool = True) -> np.ndarray:
    """BLEU in 0 to 1 of each row of statistics.

    `stops_at_length` leaves out the orders that the prediction is too short for (sacrebleu's
    effective order), as one does for single sentences.
    """
    order = (counts.shape[1] - 2) // 2
    matches, possible = counts[:, 2 : 2 + order], counts[:, 2 + order :]
    log_sum = np.zeros(len(counts))
    used = np.full(len(counts), order)
    halved = np.ones(len(counts))
    for n in range(order):
        has_any, has_match = possible[:, n] > 0, matches[:, n] > 0
        if smooth == "exp":
            halved[has_any & ~has_match] *= 2
            matched = np.where(has_match, matches[:, n], 1 / halved)
        else:
            matched = matches[:, n].astype(float)
        with np.errstate(divide="ignore"):
            log = np.log(100 * matched / np.maximum(possible[:, n], 1))
        if stops_at_length:
            used[has_any] = n + 1
            log[~has_any] = 0.0
        else:
            log[~has_any] = -np.inf
        log_sum += log
    score = _brevity_penalty(counts) * np.exp(log_sum / used) / 100
    # 100 % in every order gives 1.0000000000000002 in floating point.
    return np.where(matches.any(axis=1), np.minimum(score, 1.0), 0.0)


def corpus_difference(
    a: np.ndarray,
    b: np.ndarray,
    *,
    smooth: str = "exp",
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Corpus BLEU of a minus that of b on the same segments, from what `count` gave for each.

    The interval is the paired percentile bootstrap over segments (Koehn 2004), 1000 resamples:
    each draws the same segments for both.
    """
    if a.shape != b.shape or not len(a):
        raise InvalidInput(
            f"A paired difference needs the same segments: {a.shape} against {b.shape}.",
            hint="Count both systems against the same references with the same max_order.",
        )
    both, width = np.hstack((a, b)), a.shape[1]
    random = np.random.default_rng(seed)
    differences = np.empty(RESAMPLES)
    for place in range(RESAMPLES):
        drawn = np.bincount(random.integers(0, len(a), len(a)), minlength=len(a))
        differences[place] = _difference((drawn @ both)[None], width, smooth)
    low, high = np.quantile(differences, ((1 - confidence) / 2, (1 + confidence) / 2))
    estimate = _difference(both.sum(axis=0, keepdims=True), width, smooth)
    return Interval(estimate, float(low), float(high))


def _difference(both: np.ndarray, width: int, smooth: str) -> float:
    a, b = (
        bleu_of(counts, smooth=smooth, stops_at_length=False)[0]
        for counts in (both[:, :width], both[:, width:])
    )
    return float(a - b)


def _brevity_penalty(counts: np.ndarray) -> np.ndarray:
    length, wanted = counts[:, 0].astype(float), counts[:, 1]
    penalty = np.where(length > 0, np.exp(1 - wanted / np.maximum(length, 1)), 0.0)
    return np.where(length < wanted, penalty, 1.0)


def _closest_lengths(predicted: Numbered, expected: Numbered, chunk: Chunk) -> np.ndarray:
    if chunk.has_single_references:
        return expected.lengths
    away = np.abs(expected.lengths - predicted.lengths[chunk.owners])
    # Nearest length first; of two that are equally near, the shorter.
    in_order = np.lexsort((expected.lengths, away, chunk.owners))
    return expected.lengths[in_order[chunk.starts]]
