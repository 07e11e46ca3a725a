"""Quotations: where an answer stands in its passages, and which ones it claims to quote.

Verbatim means: the same characters, apart from case and the width of white space.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hone.records.identity import normalised_text

# Up to so many sentences in a row are one quotation, and each further one must say so much more.
MOST_SENTENCES = 3
WORTH_A_SENTENCE = 0.15

# Every part begins where the one before cannot end as well, so that no text takes long.
_SENTENCE = re.compile(
    r"\S[^\n]*?(?:[。！？]++|(?<![.!?…؟।])[.!?…؟।]++[\"'”’»)\]]*+(?=\s|\Z)|(?=\n|\Z))"
)
_WORD = re.compile(r"\w+")
_TOKEN = re.compile(r"\S+")


class Quote(NamedTuple):
    """A piece of a passage, word for word, and the share of the answer's words that it holds."""

    text: str
    share: float


def holds(passage: str, quote: str) -> bool:
    """Whether the passage says this verbatim."""
    return normalised_text(quote) in normalised_text(passage)


def find_quote(question: str, answer: str, passages: Sequence[str]) -> Quote | None:
    """The sentences that an answer most likely rests on; None where no word of it occurs.

    First those that hold the answer verbatim, then those that share most of its words; among
    equals the ones that share most words with the question.
    """
    about, wanted = _words(question), _words(answer)
    verbatim = [quote for passage in passages for quote in _holding(passage, answer)]
    if verbatim:
        return Quote(max(verbatim, key=lambda text: len(_words(text) & about)), 1.0)
    best, best_rank = None, (0.0, 0)
    for passage in passages:
        for count, begin, end, words in _runs(passage):
            share = len(words & wanted) / len(wanted) if wanted else 0.0
            rank = (share - WORTH_A_SENTENCE * (count - 1), len(words & about))
            if share and rank > best_rank:
                best, best_rank = Quote(passage[begin:end], share), rank
    return best


def _holding(passage: str, answer: str) -> Iterator[str]:
    """For every place where the passage holds the answer, the whole sentences around it."""
    places = list(_places(passage, answer.casefold().split()))
    spans = _spans(passage) if places else []
    for first, last in places:
        begins = [begin for begin, end in spans if end > first]
        ends = [end for begin, end in spans if begin < last]
        if begins and ends:
            yield passage[min(begins[0], first) : max(ends[-1], last)]


def _places(passage: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where these words follow each other, from the first one's beginning to the last one's end.

    Word by word: one pattern for a whole answer would take longer to compile than to find.
    """
    if not words or words[0] not in (folded := passage.casefold()):
        return
    if len(words) == 1 and len(folded) == len(passage):
        for found in re.finditer(rf"(?<!\w){re.escape(words[0])}(?!\w)", folded):
            yield found.span()
        return
    tokens = [(one.group().casefold(), *one.span()) for one in _TOKEN.finditer(passage)]
    texts = [text for text, _, _ in tokens]
    for place, text in enumerate(texts[: len(texts) - len(words) + 1]):
        if not text.endswith(words[0]):
            continue
        end = place + len(words) - 1
        if texts[place + 1 : end] == list(words[1:-1]) and texts[end].startswith(words[-1]):
            before, after = text[: -len(words[0])], texts[end][len(words[-1]) :]
            if not (before[-1:].isalnum() or after[:1].isalnum()):
                yield tokens[place][1], tokens[end][2]


def _runs(passage: str) -> Iterator[tuple[int, int, int, set[str]]]:
    """Up to three sentences in a row: their number, begin, end and words."""
    sentences = [(begin, end, _words(passage[begin:end])) for begin, end in _spans(passage)]
    for place, (begin, _, _) in enumerate(sentences):
        words: set[str] = set()
        for count, (_, end, own) in enumerate(sentences[place : place + MOST_SENTENCES], 1):
            words = words | own
            yield count, begin, end, words


def _spans(passage: str) -> list[tuple[int, int]]:
    """Where each sentence begins and ends."""
    found = ((one.start(), one.group().rstrip()) for one in _SENTENCE.finditer(passage))
    return [(begin, begin + len(text)) for begin, text in found]


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))
