"""Counts the rows and tokens of a dataset: exactly where it is small, else from a seeded sample."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, cast

from pydantic import BaseModel, Field

from hone import shelf
from hone.errors import InvalidInput
from hone.records.dataset import scores_in
from hone.rendering.messages import Message
from hone.rendering.tokens import Renderer, TrainOn
from hone.workspace.files import explained

SAMPLE_ROWS = 2000
ROWS_AT_ONCE = 512
UNCUT = 10**9
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
    masked: int = Field(
        description="rows without a single token to learn, pairs of equal answers among them; "
        "they are left out"
    )
    because: str = Field(
        default="", description="why the first of those has none, where that is known"
    )

    @property
    def remaining(self) -> int:
        """Rows that training sees."""
        return max(0, self.rows - self.too_long - self.masked)

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
    longest: int
    because: str = ""

    @property
    def left_out(self) -> int:
        return self.too_long + self.masked


class Reading(NamedTuple):
    """How a method reads the rows of a format."""

    max_length: int
    train_on: TrainOn = "last"
    format: str = "sft"
    longest_answer: int | None = None
    """Where answers are drawn: the room that every prompt leaves, and no answer may exceed."""
    dimensions: int = 0
    """How many scores a row of the format regression has."""


def count_tokens(path: Path, renderer: Renderer, reading: Reading, *, seed: int = 0) -> TokenCount:
    """Count what training on this file amounts to; a pair counts both of its texts."""
    total = count_rows(path)
    chosen = None
    if total > SAMPLE_ROWS:
        chosen = set(random.Random(seed).sample(range(total), SAMPLE_ROWS))
    rows = read_rows(path, chosen)
    if reading.longest_answer is not None:
        found = _measure_prompts(renderer, rows, reading, reading.longest_answer)
    elif reading.format == "regression":
        found = _measure_texts(renderer, rows, reading)
    else:
        sides = (_conversations(row, path, reading.format) for row in rows)
        found = _measure(renderer, sides, reading)
    sampled = len(found.tokens) + found.left_out
    factor = total / sampled if sampled else 0.0
    tokens = sum(found.tokens) * factor
    margin = _margin(found.tokens, found.left_out, total) if chosen is not None else 0.0
    return TokenCount(
        rows=total,
        sampled=sampled,
        tokens=round(tokens),
        tokens_low=max(0, math.floor(tokens - margin)),
        tokens_high=math.ceil(tokens + margin),
        trained_tokens=round(found.trained * factor),
        longest=found.longest,
        shortened=round(found.shortened * factor),
        too_long=round(found.too_long * factor),
        masked=round(found.masked * factor),
        because=found.because,
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


def _conversations(row: dict[str, Any], path: Path, name: str) -> list[list[Message]]:
    try:
        return shelf.load("formats", name).conversations(row)
    except (KeyError, TypeError) as error:
        raise InvalidInput(
            f"A row of {path} is none of the format {name}: {error} is missing or wrong.",
            hint=f"Build the dataset with --format {name}.",
        ) from error


def _measure(renderer: Renderer, rows: Iterator[list[list[Message]]], reading: Reading) -> _Lengths:
    """Rows of one or more texts; a row is out as soon as one of its texts does not fit."""
    tokens: list[int] = []
    trained = shortened = too_long = masked = longest = 0
    because = ""
    waiting = iter(rows)
    while batch := list(islice(waiting, ROWS_AT_ONCE)):
        flat = (one for row in batch for one in row)
        found = renderer.training_rows(flat, reading.max_length, reading.train_on)
        for row in batch:
            texts = list(islice(found, len(row)))
            if any(text.is_too_long for text in texts):
                too_long += 1
                continue
            # Two equal answers cancel each other; the worker leaves such a pair out.
            is_equal = len(texts) == 2 and texts[0].completion_text == texts[1].completion_text
            if is_equal or any(text.trained_tokens == 0 for text in texts):
                masked += 1
                because = because or next((text.reason for text in texts if text.reason), "")
                continue
            tokens.append(sum(len(text.input_ids) for text in texts))
            trained += sum(text.trained_tokens for text in texts)
            longest = max(longest, *(len(text.input_ids) for text in texts))
            shortened += any(text.cut_tokens for text in texts)
    return _Lengths(tokens, trained, shortened, too_long, masked, longest, because)


def _measure_prompts(
    renderer: Renderer, rows: Iterator[dict[str, Any]], reading: Reading, longest_answer: int
) -> _Lengths:
    """Prompts with room for an answer behind them; as methods/_rows.py: read_prompts has it."""
    tokens: list[int] = []
    trained = shortened = too_long = masked = longest = 0
    because = ""
    room = reading.max_length - longest_answer
    conversations = [[*row["prompt"], *row["completion"]] for row in rows]
    found = renderer.training_rows(conversations, UNCUT)
    for messages, whole in zip(conversations, found, strict=True):
        asked = len(whole.input_ids) - whole.trained_tokens
        if whole.is_refused:
            masked, because = masked + 1, because or whole.reason
            continue
        if not 0 < whole.trained_tokens <= longest_answer:
            too_long += 1
            continue
        if asked > room:
            try:
                asked = len(renderer.prompt(messages[:-1], max_tokens=room).ids)
            except InvalidInput:
                too_long += 1
                continue
            shortened += 1
        tokens.append(asked + whole.trained_tokens)
        trained += whole.trained_tokens
        longest = max(longest, tokens[-1])
    return _Lengths(tokens, trained, shortened, too_long, masked, longest, because)


def _measure_texts(
    renderer: Renderer, rows: Iterator[dict[str, Any]], reading: Reading
) -> _Lengths:
    """Bare texts, which lose their end; every token is read and none is predicted."""
    tokens: list[int] = []
    shortened = masked = 0
    because = ""
    for row in rows:
        _, problem = scores_in(row, reading.dimensions)
        length = len(renderer.text_ids(str(row.get("text") or "")))
        if problem or not length:
            masked, because = masked + 1, because or problem or "its text is empty"
            continue
        tokens.append(min(length, reading.max_length))
        shortened += length > reading.max_length
    longest = max(tokens, default=0)
    return _Lengths(tokens, sum(tokens), shortened, 0, masked, longest, because)


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
