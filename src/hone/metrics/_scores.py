"""What every metric of the shelf gives back, and the one walk over the pairs that they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Protocol

import numpy as np

from hone.errors import InvalidInput
from hone.metrics._words import Numbered, PieceTable, Tokenise, join_hyphenated

References = Sequence[str] | Sequence[Sequence[str]]

# A chunk small enough for its arrays to stay in a processor's second-level cache, and
# bounded in characters too, so that a few giant texts do not fill the memory.
PAIRS_PER_CHUNK = 2048
CHARACTERS_PER_CHUNK = 1_000_000


@dataclass(frozen=True)
class Scores:
    """One metric over many predictions.

    `per_example` is float64 in 0 to 1, one per prediction and in their order; `total` is their
    mean, except for BLEU, whose total is computed over the corpus; `details` holds further
    figures by name. Nothing here is ever NaN.
    """

    name: str
    per_example: np.ndarray
    total: float
    details: Mapping[str, float] = field(default_factory=dict)


@dataclass
class Chunk:
    """Some consecutive pairs: `owners[j]` is the place of the prediction of reference j."""

    first: int
    predictions: Sequence[str]
    references: Sequence[str]
    owners: np.ndarray
    table: PieceTable
    _read: dict[Tokenise, tuple[Numbered, Numbered]] = field(default_factory=dict)

    @property
    def place(self) -> slice:
        """Where the predictions of this chunk stand among all predictions."""
        return slice(self.first, self.first + len(self.predictions))

    @property
    def has_single_references(self) -> bool:
        """Whether every prediction has exactly one reference."""
        return len(self.references) == len(self.predictions)

    @cached_property
    def starts(self) -> np.ndarray:
        """Where the references of each prediction start."""
        return np.searchsorted(self.owners, np.arange(len(self.predictions)))

    def words(self, tokenise: Tokenise) -> tuple[Numbered, Numbered]:
        """The words of the predictions and of the references."""
        if tokenise not in self._read:
            predictions, references = self._pieces
            self._read[tokenise] = (
                self.table.words(predictions, tokenise),
                self.table.words(references, tokenise),
            )
        return self._read[tokenise]

    def paired_words(self, tokenise: Tokenise) -> tuple[Numbered, Numbered]:
        """The words of both sides with each prediction repeated for each of its references."""
        predictions, references = self.words(tokenise)
        if not self.has_single_references:
            predictions = predictions.select(self.owners)
        return predictions, references

    def best_of_references(self, values: np.ndarray) -> np.ndarray:
        """The highest value of each prediction over its references."""
        return values if self.has_single_references else np.maximum.reduceat(values, self.starts)

    def without_line_ends(self) -> Chunk:
        """The same pairs after the steps of mteval-v13a that look across white space."""
        predictions, references = (
            join_hyphenated(texts) for texts in (self.predictions, self.references)
        )
        if predictions == list(self.predictions) and references == list(self.references):
            return self
        return Chunk(self.first, predictions, references, self.owners, self.table)

    def in_lower_case(self) -> Chunk:
        """The same pairs in lower case."""
        predictions, references = (
            [text.lower() for text in texts] for texts in (self.predictions, self.references)
        )
        return Chunk(self.first, predictions, references, self.owners, self.table)

    @cached_property
    def _pieces(self) -> tuple[Numbered, Numbered]:
        return self.table.pieces(self.predictions), self.table.pieces(self.references)


class Scorer(Protocol):
    """One metric on its way over the chunks."""

    def add(self, chunk: Chunk) -> None:
        """Score the pairs of one chunk."""
        ...

    def finish(self) -> Scores:
        """The scores of all of them."""
        ...


def score_all(
    predictions: Sequence[str], references: References, scorers: Sequence[Scorer]
) -> list[Scores]:
    """Walk the pairs once; every text is cut into pieces once for all scorers."""
    for chunk in chunks(predictions, references):
        for scorer in scorers:
            scorer.add(chunk)
    return [scorer.finish() for scorer in scorers]


def chunks(predictions: Sequence[str], references: References) -> Iterator[Chunk]:
    """The pairs in order, in pieces bounded by number and by characters."""
    check_pairs(predictions, references)
    is_flat = set(map(type, references)) == {str}
    table = PieceTable()
    first = 0
    while first < len(predictions):
        end = _end_of_chunk(predictions, references, first)
        some: Sequence = references[first:end]
        owners = np.arange(end - first)
        if not is_flat:
            lists = [[one] if isinstance(one, str) else one for one in some]
            owners = np.repeat(owners, list(map(len, lists)))
            some = list(chain.from_iterable(lists))
        if table.is_large:
            table = PieceTable()
        yield Chunk(first, predictions[first:end], some, owners, table)
        first = end


def check_pairs(predictions: Sequence[str], references: References) -> None:
    """Refuse what cannot be compared, naming every kind of problem at once."""
    problems: list[str] = []
    if isinstance(predictions, str) or isinstance(references, str):
        problems.append("predictions and references must be lists of texts, not one text")
    elif len(predictions) != len(references):
        problems.append(f"{len(predictions)} predictions but {len(references)} references")
    elif not len(predictions):
        problems.append("there are no predictions")
    else:
        if set(map(type, predictions)) != {str}:
            problems.append(_first_wrong("prediction", predictions))
        problems.extend(_reference_problems(references))
    if problems:
        raise InvalidInput(
            "Cannot compare predictions with references: " + "; ".join(problems) + ".",
            hint="Give one text per prediction and, for each, one reference text or a list of "
            "at least one.",
            problems=problems,
        )


def f_measure(precision: np.ndarray, recall: np.ndarray) -> np.ndarray:
    """Harmonic mean, 0 where both are 0; the order of operations is that of `rouge_score`."""
    both = precision + recall
    return np.divide(2 * precision * recall, both, out=np.zeros_like(both), where=both > 0)


def _end_of_chunk(predictions: Sequence[str], references: References, first: int) -> int:
    end = min(first + PAIRS_PER_CHUNK, len(predictions))
    sizes = np.fromiter(map(len, predictions[first:end]), np.int64, end - first)
    sizes += [
        len(one) if isinstance(one, str) else sum(map(len, one)) for one in references[first:end]
    ]
    fitting = int(np.searchsorted(np.cumsum(sizes), CHARACTERS_PER_CHUNK, side="right"))
    return min(end, first + max(1, fitting))


def _reference_problems(references: References) -> list[str]:
    if set(map(type, references)) == {str}:
        return []
    for place, one in enumerate(references):
        if isinstance(one, str):
            continue
        if not isinstance(one, (list, tuple)):
            return [f"reference {place} is {type(one).__name__}, not text or a list of texts"]
        if not one:
            return [f"reference {place} is an empty list"]
        if set(map(type, one)) != {str}:
            return [_first_wrong(f"reference {place}, number", one)]
    return []


def _first_wrong(what: str, values: Sequence[object]) -> str:
    place = next(i for i, value in enumerate(values) if type(value) is not str)
    return f"{what} {place} is {type(values[place]).__name__}, not text"
