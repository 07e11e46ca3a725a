"""Counts the rows and tokens of a dataset: exactly where it is small, else from a seeded sample."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

from pydantic import BaseModel, Field

from hone.errors import InvalidInput
from hone.rendering.tokens import Renderer, TrainOn
from hone.workspace.files import explained

SAMPLE_ROWS = 2000
Z95 = 1.96


class TokenCount(BaseModel):
    """Tokens of one split as a trainer sees them, with a 95 % interval where it is a sample."""

    rows: int
    sampled: int = Field(description="rows that were rendered and tokenised; all where small")
    tokens: int = Field(description="per epoch, before padding")
    tokens_low: int
    tokens_high: int
    trained_tokens: int = Field(description="per epoch, those that the loss sees")
    longest: int = Field(description="tokens of the longest row, after shortening")
    shortened: int = Field(description="rows whose prompt is cut to fit")
    too_long: int = Field(description="rows whose answer does not fit; they are left out")
    masked: int = Field(description="rows without a single token to learn")

    @property
    def is_exact(self) -> bool:
        """Whether every row was looked at."""
        return self.sampled == self.rows


class _Lengths(NamedTuple):
    tokens: list[int]
    trained: int
    shortened: int
    too_long: int
    masked: int


def count_tokens(
    path: Path, renderer: Renderer, *, max_length: int, train_on: TrainOn, seed: int = 0
) -> TokenCount:
    """Count what training on this file of prompt/completion rows amounts to."""
    total = count_rows(path)
    chosen = None
    if total > SAMPLE_ROWS:
        chosen = set(random.Random(seed).sample(range(total), SAMPLE_ROWS))
    conversations = (_messages(row, path) for row in read_rows(path, chosen))
    found = _measure(renderer, conversations, max_length, train_on)
    sampled = len(found.tokens) + found.too_long
    factor = total / sampled if sampled else 0.0
    tokens = sum(found.tokens) * factor
    margin = _margin(found.tokens, found.too_long, total) if chosen is not None else 0.0
    return TokenCount(
        rows=total,
        sampled=sampled,
        tokens=round(tokens),
        tokens_low=max(0, math.floor(tokens - margin)),
        tokens_high=math.ceil(tokens + margin),
        trained_tokens=round(found.trained * factor),
        longest=max(found.tokens, default=0),
        shortened=round(found.shortened * factor),
        too_long=round(found.too_long * factor),
        masked=round(found.masked * factor),
    )


def count_rows(path: Path) -> int:
    """Lines that hold something."""
    with explained("read", path), path.open("rb") as file:
        return sum(1 for line in file if not line.isspace())


def read_rows(path: Path, chosen: set[int] | None = None) -> Iterator[dict[str, Any]]:
    """The rows of a JSON-lines file, or those at the chosen places (from 0)."""
    place = -1
    with explained("read", path), path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.isspace():
                continue
            place += 1
            if chosen is not None and place not in chosen:
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise _bad_row(path, number, str(error)) from error
            if not isinstance(row, dict):
                raise _bad_row(path, number, "it holds no object")
            yield cast("dict[str, Any]", row)


def _messages(row: dict[str, Any], path: Path) -> list[dict[str, str]]:
    try:
        return [*row["prompt"], *row["completion"]]
    except (KeyError, TypeError) as error:
        raise InvalidInput(
            f'A row of {path} has no "prompt" and "completion" lists.',
            hint="Build the dataset with --format sft.",
        ) from error


def _measure(
    renderer: Renderer,
    conversations: Iterator[list[dict[str, str]]],
    max_length: int,
    train_on: TrainOn,
) -> _Lengths:
    tokens: list[int] = []
    trained = shortened = too_long = masked = 0
    for row in renderer.training_rows(conversations, max_length, train_on):
        if row.is_refused:
            too_long += 1
            continue
        tokens.append(len(row.input_ids))
        trained += row.trained_tokens
        shortened += row.cut_tokens > 0
        masked += row.trained_tokens == 0
    return _Lengths(tokens, trained, shortened, too_long, masked)


def _margin(tokens: list[int], left_out: int, total: int) -> float:
    """Half the width of the 95 % interval of the sum, drawn without replacement."""
    count = len(tokens) + left_out
    mean = sum(tokens) / count
    # A row that is left out counts as no tokens.
    squares = sum((length - mean) ** 2 for length in tokens) + left_out * mean**2
    deviation = math.sqrt(squares / (count - 1))
    return Z95 * total * deviation / math.sqrt(count) * math.sqrt(1 - count / total)


def _bad_row(path: Path, number: int, why: str) -> InvalidInput:
    return InvalidInput(
        f"{path}, line {number}, cannot be read: {why}.",
        hint="A frozen dataset is not edited; build a new version with hone datasets build.",
    )
