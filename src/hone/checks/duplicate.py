"""The same text twice, after normalising case, width and white space.

Needs: texts in a fixed order.
Gives: for each text the index of the earlier one that it repeats, or None.
Source: Unicode Standard Annex 15 (NFKC) for the normal form.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from hone.checks._normal import normal


class Options(BaseModel):
    """Nothing to choose."""

    model_config = ConfigDict(extra="forbid")


LIMITS: tuple[str, ...] = ("Another word order or one more comma is another text.",)


def run(
    texts: Iterable[str], options: Options, *, references: int = 0
) -> list[tuple[int, float] | None]:
    """For each text: (index of the first equal text, 1.0), or None for a first occurrence.

    What equals one of the first `references` texts is said to in any case, since they come first.
    """
    import hashlib

    first: dict[bytes, int] = {}
    found: list[tuple[int, float] | None] = []
    for index, text in enumerate(texts):
        key = hashlib.blake2b(normal(text).encode("utf-8", "surrogatepass"), digest_size=16)
        earlier = first.setdefault(key.digest(), index)
        found.append(None if earlier == index else (earlier, 1.0))
    return found


def similarity(first: str, second: str, options: Options) -> float:
    """1 where both texts are the same after normalising, else 0."""
    return float(normal(first) == normal(second))
