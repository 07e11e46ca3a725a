"""Texts that say nearly the same, by the overlap of their pieces of five characters.

Needs: texts in a fixed order; earlier texts are kept before later ones.
Gives: for each text (index of the kept text that it nearly repeats, similarity), or None.
Source: Broder 1997, "On the resemblance and containment of documents" (Jaccard of shingles,
min-wise hashing); candidates by banding as in Leskovec, Rajaraman, Ullman, "Mining of Massive
Datasets", chapter 3; every candidate is then compared exactly.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from hone.checks._normal import normal

BANDS, ROWS = 25, 5
MOST_CANDIDATES = 64
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


class Options(BaseModel):
    """When two texts count as nearly the same."""

    model_config = ConfigDict(extra="forbid")

    threshold: float = Field(
        0.8, ge=0.5, le=1.0, description="smallest Jaccard similarity that counts, 0.5 to 1"
    )
    characters: int = Field(5, ge=2, le=20, description="length of the compared pieces")


LIMITS: tuple[str, ...] = (
    "At similarity 0.8 about 1 pair in 20,000 is missed; at 0.5 and 0.6 more are.",
    "A text is compared with the newest 64 candidates per band, so work stays linear on texts "
    "that all follow one template; there some pairs can be missed.",
    "A changed number or name in a long text is still a near-duplicate: for short messages "
    "compare by equality instead.",
)

Pieces = NDArray[np.uint64]


def run(
    texts: Iterable[str], options: Options, *, references: int = 0
) -> list[tuple[int, float] | None]:
    """Greedy in the given order: a text is compared with the kept ones before it.

    The first `references` texts are all kept, also where they repeat each other, and a text that
    nearly repeats one of them is said to, however like it is to another. Memory: the texts and
    about 0.8 kB for each. Time is linear in the number of texts (see LIMITS).
    """
    index = _Index([normal(text) for text in texts], options, references)
    return [index.match_or_keep(position) for position in range(len(index))]


def similarity(first: str, second: str, options: Options) -> float:
    """How much of both texts is shared, 0 to 1: what `run` compares with the threshold."""
    length = options.characters
    return _jaccard(_pieces(normal(first), length), _pieces(normal(second), length))


def nearest(
    texts: Sequence[str], among: Sequence[str], options: Options, *, most: int
) -> list[list[tuple[int, float]]]:
    """For each text up to `most` of `among`, (index, similarity), the likest first; exact.

    Those that share no piece are left out. Memory: about 60 bytes for each piece of `among`.
    """
    sets = [_pieces(normal(text), options.characters) for text in among]
    if not sets:
        return [[] for _ in texts]
    owners = np.repeat(np.arange(len(sets)), [len(one) for one in sets])
    pieces = np.concatenate(sets)
    order = np.argsort(pieces, kind="stable")
    pieces, owners = pieces[order], owners[order]
    sizes = np.array([len(one) for one in sets])
    found: list[list[tuple[int, float]]] = []
    for text in texts:
        own = _pieces(normal(text), options.characters)
        begins, ends = np.searchsorted(pieces, own), np.searchsorted(pieces, own, side="right")
        hit = [owners[begin:end] for begin, end in zip(begins, ends, strict=True) if end > begin]
        if not hit:
            found.append([])
            continue
        shared = np.bincount(np.concatenate(hit), minlength=len(sets))
        likeness = shared / (len(own) + sizes - shared)
        best = np.argsort(-likeness, kind="stable")[:most]
        found.append([(int(one), float(likeness[one])) for one in best if shared[one]])
    return found


class _Index:
    """Texts, found again by bands of their min-hash signatures once they are kept."""

    def __init__(self, texts: list[str], options: Options, references: int) -> None:
        self._options = options
        self._references = references
        # Texts stay, not their pieces: pieces take eight times the room and are rarely needed.
        self._texts = texts
        self._signatures = np.zeros((len(texts), BANDS * ROWS), dtype=np.uint32)
        # Fixed, odd multipliers: the same texts give the same answer on every machine.
        draw = np.random.Generator(np.random.PCG64(1997))
        factors = draw.integers(0, 2**63, BANDS * ROWS, dtype=np.uint64) * np.uint64(2) + (
            np.uint64(1)
        )
        for position, text in enumerate(texts):
            hashed = (_pieces(text, options.characters)[None, :] * factors[:, None]) >> np.uint64(
                32
            )
            self._signatures[position] = hashed.min(axis=1)
        self._buckets, count = _numbered_buckets(self._signatures)
        # Most buckets hold one text for ever: only the others get a list.
        self._first = np.full(count, -1, dtype=np.int32)
        self._more: dict[int, list[int]] = {}

    def __len__(self) -> int:
        return len(self._texts)

    def match_or_keep(self, position: int) -> tuple[int, float] | None:
        buckets = self._buckets[position]
        is_reference = position < self._references
        best = None if is_reference else self._best(position, self._candidates(buckets))
        if best is None:
            self._keep(position, buckets)
        return best

    def _keep(self, position: int, buckets: NDArray[np.int32]) -> None:
        firsts = self._first[buckets]
        self._first[buckets[firsts < 0]] = position
        for bucket, first in zip(
            buckets[firsts >= 0].tolist(), firsts[firsts >= 0].tolist(), strict=True
        ):
            self._more.setdefault(bucket, [first]).append(position)

    def _candidates(self, buckets: NDArray[np.int32]) -> list[int]:
        found: set[int] = set()
        firsts = self._first[buckets]
        for bucket, first in zip(
            buckets[firsts >= 0].tolist(), firsts[firsts >= 0].tolist(), strict=True
        ):
            several = self._more.get(bucket)
            if several is None:
                found.add(first)
                continue
            found.update(several[-MOST_CANDIDATES:])
            if first < self._references:
                # They came first, and must not be crowded out by what came since.
                found.update(several[: bisect_left(several, self._references)][-MOST_CANDIDATES:])
        return sorted(found)

    def _best(self, position: int, found: list[int]) -> tuple[int, float] | None:
        if not found:
            return None
        # A rough estimate first: three standard errors below the threshold cannot match.
        candidates = np.array(found, dtype=np.intp)
        signature = self._signatures[position]
        equal = np.count_nonzero(self._signatures[candidates] == signature, axis=1)
        pieces = _pieces(self._texts[position], self._options.characters)
        best: tuple[int, float] | None = None
        for candidate in candidates[equal >= self._fewest_equal].tolist():
            others = _pieces(self._texts[candidate], self._options.characters)
            similarity = _jaccard(pieces, others)
            if similarity < self._options.threshold:
                continue
            # Candidates rise: whatever is like a reference is not asked what else it is like.
            if best is not None and best[0] < self._references <= candidate:
                break
            if best is None or similarity > best[1]:
                best = (candidate, similarity)
        return best

    @property
    def _fewest_equal(self) -> float:
        count, share = BANDS * ROWS, self._options.threshold
        return count * share - 3.5 * (count * share * (1 - share)) ** 0.5 - 1


def _numbered_buckets(signatures: NDArray[np.uint32]) -> tuple[NDArray[np.int32], int]:
    """The bucket of every text in every band, numbered from 0 over all bands; and how many."""
    buckets = np.zeros((len(signatures), BANDS), dtype=np.int32)
    count = 0
    for band in range(BANDS):
        keys = np.zeros(len(signatures), dtype=np.uint64)
        for column in range(band * ROWS, (band + 1) * ROWS):
            keys = (keys ^ signatures[:, column]) * _MULTIPLIER
            keys ^= keys >> np.uint64(29)
        own, places = np.unique(keys, return_inverse=True)
        buckets[:, band] = places + count
        count += len(own)
    return buckets, count


def _pieces(text: str, length: int) -> Pieces:
    """Sorted, distinct 64-bit hashes of every run of `length` characters; never empty."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    if len(codes) < length:
        codes = np.pad(codes, (0, length - len(codes)))
    windows = np.lib.stride_tricks.sliding_window_view(codes.astype(np.uint64), length)
    hashed = np.zeros(len(windows), dtype=np.uint64)
    for column in range(length):
        hashed = (hashed ^ windows[:, column]) * _MULTIPLIER
        hashed ^= hashed >> np.uint64(29)
    return np.unique(hashed)


def _jaccard(first: Pieces, second: Pieces) -> float:
    shared = len(np.intersect1d(first, second, assume_unique=True))
    return shared / (len(first) + len(second) - shared)
