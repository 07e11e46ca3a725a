"""Exact match: 1 where the prediction equals a reference after normalising both, otherwise 0.

Needs: predictions and one or more reference texts each; numpy.
Gives: 0 or 1 per example (the best over its references), their mean, the number of matches.
Source: Rajpurkar et al. 2016, SQuAD evaluation v1.1 (`squad`); Cobbe et al. 2021, GSM8K
(`final_answer`); `none` and `whitespace` are plain comparisons.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from hone.metrics._scores import Chunk, References, Scores, score_all
from hone.metrics._words import as_squad, by_white_space, equal_texts


class Options(BaseModel):
    """How texts are made comparable."""

    model_config = ConfigDict(extra="forbid")

    normalise: Literal["none", "whitespace", "squad", "final_answer"] = Field(
        default="whitespace",
        description="none: byte for byte; whitespace: runs of white space count as one space, "
        "none at the ends; squad: also lower case, no ASCII punctuation, no a, an, the; "
        'final_answer: only what stands after the last "####" or "A:" (GSM8K), without commas',
    )


LIMITS: tuple[str, ...] = (
    "Two right answers in different words do not match: give several references.",
    "Normalisation squad knows English articles and ASCII punctuation only.",
    "final_answer compares texts, so 3 and 3.0 differ, as in the published GSM8K judgements.",
    "No Unicode normalisation: composed and decomposed letters differ.",
)


def run(
    predictions: Sequence[str], references: References, options: Options | None = None
) -> Scores:
    """1 or 0 per prediction."""
    scorer = Scorer(len(predictions), options or Options())
    return score_all(predictions, references, [scorer])[0]


class Scorer:
    """Exact match on its way over the chunks."""

    def __init__(self, amount: int, options: Options) -> None:
        self._normalise = options.normalise
        self._per_example = np.zeros(amount)

    def add(self, chunk: Chunk) -> None:
        """Score the pairs of one chunk."""
        if self._normalise in ("squad", "whitespace"):
            tokenise = as_squad if self._normalise == "squad" else by_white_space
            is_equal = equal_texts(*chunk.paired_words(tokenise))
        else:
            is_equal = _equal_texts(chunk, self._normalise)
        self._per_example[chunk.place] = chunk.best_of_references(is_equal)

    def absorb(self, part: Scorer, place: slice) -> None:
        """Take over what was scored of the pairs at this place."""
        self._per_example[place] = part._per_example

    def finish(self) -> Scores:
        """The scores of all of them."""
        matches = float(self._per_example.sum())
        total = float(self._per_example.mean())
        return Scores("exact_match", self._per_example, total, {"matches": matches})


_MARK = re.compile(r"(?:####|\bA:)[ \t]*")


def final_answer(text: str) -> str | None:
    """What stands on the line after the last mark, without commas; None where there is no mark."""
    marks = list(_MARK.finditer(text))
    if not marks:
        return None
    return text[marks[-1].end() :].split("\n", 1)[0].strip().replace(",", "")


def _equal_texts(chunk: Chunk, normalise: str) -> np.ndarray:
    predictions: list[str | None] = list(chunk.predictions)
    references = list(chunk.references)
    if normalise == "final_answer":
        predictions = [final_answer(text) for text in chunk.predictions]
        # A reference may be the bare answer.
        answers = [final_answer(text) for text in references]
        references = [
            text.strip().replace(",", "") if answer is None else answer
            for text, answer in zip(references, answers, strict=True)
        ]
    owners = chunk.owners.tolist()
    return np.array(
        [predictions[o] == text for o, text in zip(owners, references, strict=True)], bool
    )
