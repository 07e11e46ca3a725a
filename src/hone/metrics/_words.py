"""Texts as numbered words: every distinct piece of text is tokenised once, then looked up.

Every tokeniser of this shelf treats white space as a boundary that nothing looks across, so it
may be applied to the pieces between white space one by one. That is what makes a table of pieces
possible; property tests compare the result with the published tokenisers on whole texts.
"""

from __future__ import annotations

import re
import string
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, count, islice

import numpy as np

Tokenise = Callable[[str], Sequence[str]]

PIECES_KEPT = 1 << 18
CHARACTERS_KEPT = 1 << 24


@dataclass(frozen=True)
class Numbered:
    """Texts as numbers of words or pieces: text i is `numbers[starts[i]:starts[i + 1]]`."""

    numbers: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Words per text."""
        return np.diff(self.starts)

    def select(self, texts: np.ndarray) -> Numbered:
        """The given texts, in the given order; a text may be asked for more than once."""
        lengths = self.lengths[texts]
        return Numbered(self.numbers[spread(self.starts[texts], lengths)], starts_of(lengths))


class _Reading:
    """How one tokeniser reads the pieces of a table; words are numbered as they appear."""

    def __init__(self, tokenise: Tokenise) -> None:
        self._tokenise = tokenise
        self._number_of: defaultdict[str, int] = defaultdict(count().__next__)
        # Piece i has `amounts[i]` words, from `first[i]` on in `words`.
        self._first, self._amounts, self._words = array("q"), array("q"), array("q")

    def read(self, table: dict[str, int], pieces: Numbered) -> Numbered:
        """The words of texts given as pieces of the table."""
        self._learn(table)
        if not len(pieces.numbers):
            return pieces
        amounts = np.frombuffer(self._amounts, np.int64)[pieces.numbers]
        where = spread(np.frombuffer(self._first, np.int64)[pieces.numbers], amounts)
        words = np.frombuffer(self._words, np.int64)[where] if len(where) else where
        return Numbered(words, starts_of(amounts)[pieces.starts])

    def _learn(self, table: dict[str, int]) -> None:
        # From the end: a walk from the start would touch every known piece each time.
        unread = list(islice(reversed(table), len(table) - len(self._amounts)))[::-1]
        new = list(map(self._tokenise, unread))
        amounts = np.fromiter(map(len, new), np.int64, len(new))
        self._first.frombytes((len(self._words) + starts_of(amounts)[:-1]).tobytes())
        self._amounts.frombytes(amounts.tobytes())
        self._words.extend(map(self._number_of.__getitem__, chain.from_iterable(new)))


class PieceTable:
    """Pieces of text by number, and how each tokeniser asked for reads them."""

    def __init__(self) -> None:
        self._number_of: defaultdict[str, int] = defaultdict(count().__next__)
        self._readings: dict[Tokenise, _Reading] = {}
        self._characters = 0

    @property
    def is_large(self) -> bool:
        """Whether it is time for a new table, so that the memory stays bounded."""
        return len(self._number_of) > PIECES_KEPT or self._characters > CHARACTERS_KEPT

    def pieces(self, texts: Sequence[str]) -> Numbered:
        """What white space separates in each text."""
        joined = " ".join(texts)
        self._characters += len(joined)
        # All texts are split in one call; between two of them stands a mark that no text holds.
        mark = "\0"
        while mark in joined:
            mark += "\0"
        split = f" {mark} ".join(texts).split()
        numbers = np.fromiter(map(self._number_of.__getitem__, split), np.int64, len(split))
        is_mark = numbers == self._number_of[mark]
        ends = np.append(np.flatnonzero(is_mark) - np.arange(len(texts) - 1), 0)
        numbers = numbers[~is_mark]
        ends[-1] = len(numbers)
        return Numbered(numbers, np.concatenate(([0], ends)))

    def words(self, pieces: Numbered, tokenise: Tokenise) -> Numbered:
        """The words of texts; equal words have equal numbers for the same tokeniser."""
        reading = self._readings.setdefault(tokenise, _Reading(tokenise))
        return reading.read(self._number_of, pieces)


def starts_of(lengths: np.ndarray) -> np.ndarray:
    """Where each of consecutive stretches starts, with the total length at the end."""
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def spread(first: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """first[0], first[0]+1, … (lengths[0] of them), first[1], …"""
    starts = starts_of(lengths)
    return np.repeat(first - starts[:-1], lengths) + np.arange(starts[-1])


def equal_texts(left: Numbered, right: Numbered) -> np.ndarray:
    """Whether text i has the same words on both sides, for each i."""
    is_equal = left.lengths == right.lengths
    candidates = np.flatnonzero(is_equal)
    here, there = left.select(candidates), right.select(candidates)
    different = starts_of(here.numbers != there.numbers)
    is_equal[candidates] = different[here.starts[1:]] == different[here.starts[:-1]]
    return is_equal


def _is_plain(piece: str) -> bool:
    """Whether the piece is one word for every tokeniser: most pieces are, which saves a pattern."""
    return piece.isalnum() and piece.isascii()


def by_white_space(piece: str) -> Sequence[str]:
    """The piece as it is."""
    return (piece,)


_ALPHANUMERIC = re.compile("[a-z0-9]+")


def as_rouge(piece: str) -> Sequence[str]:
    """Lower-cased runs of a-z and 0-9, as in `rouge_score`; everything else separates."""
    lowered = piece.lower()
    return (lowered,) if _is_plain(lowered) else _ALPHANUMERIC.findall(lowered)


_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")


def as_squad(piece: str) -> Sequence[str]:
    """Lower-cased, without ASCII punctuation and English articles, as in SQuAD's evaluation."""
    bare = piece.lower()
    if not _is_plain(bare):
        bare = bare.translate(_NO_PUNCTUATION)
        if not _is_plain(bare):
            return _ARTICLE.sub(" ", bare).split()
    # One word, which the pattern would match as a whole or not at all.
    return () if bare in ("a", "an", "the") else (bare,)


_ENTITIES = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))
_SET_APART = str.maketrans({sign: f" {sign} " for sign in set(string.punctuation) - set("'-.,")})
_AFTER_NO_DIGIT = re.compile(r"([^0-9])([.,])")
_BEFORE_NO_DIGIT = re.compile(r"([.,])([^0-9])")
_DASH_AFTER_DIGIT = re.compile(r"([0-9])(-)")


def as_13a(piece: str) -> Sequence[str]:
    """mteval-v13a, the tokeniser of WMT, on a piece of a text that `join_hyphenated` has seen."""
    if piece.isalnum():
        return (piece,)
    if "&" in piece:
        for name, sign in _ENTITIES:
            piece = piece.replace(name, sign)
    # The blanks around stand for the white space or the end of the text.
    line = f" {piece.translate(_SET_APART)} "
    if "." in line or "," in line:
        line = _AFTER_NO_DIGIT.sub(r"\1 \2 ", line)
        line = _BEFORE_NO_DIGIT.sub(r" \1 \2", line)
    if "-" in line:
        line = _DASH_AFTER_DIGIT.sub(r"\1 \2 ", line)
    return line.split()


def join_hyphenated(texts: Iterable[str]) -> list[str]:
    """The steps of mteval-v13a that reach across white space: `<skipped>` and `-` + newline."""
    return [
        text.rstrip().replace("<skipped>", "").replace("-\n", "")
        if "\n" in text or "<skipped>" in text
        else text
        for text in texts
    ]
