"""Tokens of a dataset by its characters alone, for a base whose tokenizer is not here."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any, NamedTuple, cast

from hone.stages.train.rows import SAMPLE_ROWS, TokenCount, count_rows, read_rows

# English in the vocabularies of today takes about four characters a token (OpenAI's rule of
# thumb), easy prose up to 4.5; records and other languages down to three and less.
DENSE, USUAL, SPARSE = 3.0, 4.0, 4.5
MARKUP_TOKENS = 6  # around each message
ANSWERS = ("completion", "chosen", "rejected")


class _Size(NamedTuple):
    characters: int
    of_answers: int
    messages: int


def estimate_tokens(path: Path, *, max_length: int, seed: int = 0) -> TokenCount:
    """What training on this file amounts to; `sampled` is 0, as no row was tokenised.

    Which rows would be shortened or left out is not known, and counted as none.
    """
    total = count_rows(path)
    chosen = None
    if total > SAMPLE_ROWS:
        chosen = set(random.Random(seed).sample(range(total), SAMPLE_ROWS))
    sizes = [_size(row) for row in read_rows(path, chosen)]
    factor = total / len(sizes) if sizes else 0.0

    def tokens(size: _Size, per_token: float) -> float:
        return min(max_length, size.characters / per_token + size.messages * MARKUP_TOKENS)

    def together(per_token: float) -> float:
        return factor * sum(tokens(size, per_token) for size in sizes)

    return TokenCount(
        rows=total,
        sampled=0,
        tokens=round(together(USUAL)),
        tokens_low=math.floor(together(SPARSE)),
        tokens_high=math.ceil(together(DENSE)),
        trained_tokens=round(factor * sum(size.of_answers for size in sizes) / USUAL),
        longest=math.ceil(max((tokens(size, DENSE) for size in sizes), default=0)),
        shortened=0,
        too_long=0,
        masked=0,
    )


def _size(row: dict[str, Any]) -> _Size:
    bare = row.get("text")  # of a row that is scored; others hold messages alone
    characters, of_answers = (len(bare), 0) if isinstance(bare, str) else (0, 0)
    messages = 0
    for name, value in row.items():
        if not isinstance(value, list):
            continue
        for message in cast("list[Any]", value):
            if isinstance(message, dict) and "content" in message:
                length = len(str(cast("dict[str, Any]", message)["content"]))
                characters += length
                of_answers += length if name in ANSWERS else 0
                messages += 1
    return _Size(characters, of_answers, messages)
