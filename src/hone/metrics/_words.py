"""Texts as numbered words: each distinct piece of text is tokenised once, then looked up."""

from __future__ import annotations

import re
import string
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

# Every tokeniser of this shelf treats white space as a boundary that nothing looks across, so
# it may be applied to the pieces between white space one by one. That is what makes a table of
# pieces possible; the property tests compare the result with the tokenisers on whole texts.
Tokenise = Callable[[str], Sequence[str]]

PIECES_KEPT = 1 << 18
CHARACTERS_KEPT = 1 << 24


@dataclass(frozen=True)
class Words:
    """Texts as word numbers: text i is `numbers[starts[i]:starts[i + 1]]`."""

    numbers: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Words per text."""
        return np.diff(self.starts)

    def select(self, texts: np.ndarray) -> Words:
        """The given texts, in the given order; a text may be asked for more than once."""
        lengths = self.lengths[texts]
        return Words(self.numbers[spread(self.starts[texts], lengths)], starts_of(lengths))


class Vocabulary(dict[str, int]):
    """Numbers the words of one tokeniser; equal words have equal numbers while it is kept."""

    def __init__(self, tokenise: Tokenise) -> None:
        super().__init__()
        self._tokenise = tokenise
        self._forget()

    def __missing__(self, piece: str) -> int:
        words = self._tokenise(piece)
        number = self[piece] = len(self)
        self._first.append(len(self._words))
        self._count.append(len(words))
        known = self._number_of
        self._words.extend([known.setdefault(word, len(known)) for word in words])
        self._characters += len(piece)
        return number

    def number(self, texts: Sequence[str]) -> Words:
        """The words of each text as numbers."""
        pieces = [text.split() for text in texts]
        counts = np.fromiter(map(len, pieces), np.int64, len(pieces))
        places = starts_of(counts)
        looked_up = np.fromiter(
            map(self.__getitem__, chain.from_iterable(pieces)), np.int64, int(places[-1])
        )
        first = np.frombuffer(self._first, np.int64)[looked_up] if len(looked_up) else looked_up
        count = np.frombuffer(self._count, np.int64)[looked_up] if len(looked_up) else looked_up
        where = spread(first, count)
        numbers = np.frombuffer(self._words, np.int64)[where] if len(where) else where
        return Words(numbers, starts_of(count)[places])

    def forget_if_large(self) -> None:
        """Bound the memory; only between chunks, since the numbers change."""
        if len(self) > PIECES_KEPT or self._characters > CHARACTERS_KEPT:
            self._forget()

    def _forget(self) -> None:
        self.clear()
        self._number_of: dict[str, int] = {}
        self._first, self._count, self._words = array("q"), array("q"), array("q")
        self._characters = 0


def starts_of(lengths: np.ndarray) -> np.ndarray:
    """Where each of consecutive stretches starts, with the total length at the end."""
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def spread(first: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """first[0], first[0]+1, … (lengths[0] of them), first[1], …"""
    starts = starts_of(lengths)
    return np.repeat(first - starts[:-1], lengths) + np.arange(starts[-1])


def by_white_space(piece: str) -> Sequence[str]:
    """The piece as it is."""
    return (piece,)


_ALPHANUMERIC = re.compile("[a-z0-9]+")


def as_rouge(piece: str) -> Sequence[str]:
    """Lower-cased runs of a-z and 0-9, as in `rouge_score`; everything else separates."""
    return _ALPHANUMERIC.findall(piece.lower())


_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")


def as_squad(piece: str) -> Sequence[str]:
    """Lower-cased, without ASCII punctuation and English articles, as in SQuAD's evaluation."""
    return _ARTICLE.sub(" ", piece.lower().translate(_NO_PUNCTUATION)).split()


_13A_RULES = (
    (re.compile(r"([\{-\~\[-\` -\&\(-\+\:-\@\/])"), r" \1 "),
    (re.compile(r"([^0-9])([\.,])"), r"\1 \2 "),
    (re.compile(r"([\.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
)


def as_13a(piece: str) -> Sequence[str]:
    """mteval-v13a, the tokeniser of WMT, on a piece that `join_hyphenated` has seen before."""
    if "&" in piece:
        for name, sign in (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")):
            piece = piece.replace(name, sign)
    line = f" {piece} "
    for pattern, replacement in _13A_RULES:
        line = pattern.sub(replacement, line)
    return line.split()


def join_hyphenated(texts: Iterable[str]) -> list[str]:
    """The two steps of mteval-v13a that reach across white space: `<skipped>` and `-` + newline."""
    return [
        text.rstrip().replace("<skipped>", "").replace("-\n", "")
        if "\n" in text or "<skipped>" in text
        else text
        for text in texts
    ]
