"""Measures rows as the collator receives them: rendered, cut to the limit, masked."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from hone.rendering.shown import UNCUT
from hone.rendering.tokens import MASKED, ROWS_PER_BATCH, Renderer, TrainingRow, TrainOn
from hone.stages.doctor.report import Bin, SplitReport
from hone.stages.doctor.rows import Row, Side

MOST_BINS = 10
EQUAL = "both answers are the same"
SHOWN_REASONS = 3


class Limit(NamedTuple):
    """What a recipe says of the rows."""

    max_length: int
    train_on: TrainOn


class Measured(NamedTuple):
    """One sequence in tokens: uncut, kept, seen by the loss; `reason` where it is left out.

    `is_too_long`: a higher limit would let it in.
    """

    uncut: int
    kept: int
    trained: int
    reason: str = ""
    is_too_long: bool = False

    @property
    def cut(self) -> int:
        """Tokens that are lost although the row is kept."""
        return 0 if self.reason else self.uncut - self.kept


def measured(
    rows: Iterable[Row], renderer: Renderer, limit: Limit
) -> Iterator[tuple[Row, list[Measured]]]:
    """Every row with the measures of its sides, in order; streams."""
    waiting = iter(rows)
    while batch := list(islice(waiting, ROWS_PER_BATCH)):
        if batch[0].kind == "scores":
            yield from ((row, [_asked(row, side, renderer, limit) for side in row.sides])
                        for row in batch)  # fmt: skip
            continue
        conversations = (side.messages for row in batch for side in row.sides)
        found = renderer.training_rows(conversations, UNCUT, _train_on(batch[0], limit))
        for row in batch:
            wholes = [next(found) for _ in row.sides]
            sides = fitted(row, wholes, renderer, limit)
            yield (
                row,
                [
                    Measured(
                        len(whole.input_ids),
                        len(kept.input_ids),
                        kept.trained_tokens,
                        kept.reason,
                        is_too_long=len(whole.input_ids) > limit.max_length
                        and kept.reason != EQUAL,
                    )
                    for whole, kept in zip(wholes, sides, strict=True)
                ],
            )


def whole_sides(row: Row, renderer: Renderer, limit: Limit) -> list[TrainingRow]:
    """Each side of a row with answers, without a limit."""
    train_on = _train_on(row, limit)
    return [renderer.training_row(side.messages, UNCUT, train_on) for side in row.sides]


def fitted(
    row: Row, wholes: Sequence[TrainingRow], renderer: Renderer, limit: Limit
) -> list[TrainingRow]:
    """Each side as its method gets it; where one is refused, all are, for the same reason."""
    train_on = _train_on(row, limit)
    sides = [
        whole
        if len(whole.input_ids) <= limit.max_length
        else renderer.training_row(side.messages, limit.max_length, train_on)
        for side, whole in zip(row.sides, wholes, strict=True)
    ]
    reason = next((side.reason for side in sides if side.reason), "")
    if row.kind == "pair" and not reason:
        chosen, rejected = sides
        if chosen.completion_text == rejected.completion_text:
            reason = EQUAL
        else:
            sides = _behind_one_prompt(chosen, rejected)
    if not reason:
        return sides
    return [replace(one, input_ids=[], labels=[], cut_tokens=0, reason=reason) for one in sides]


def _train_on(row: Row, limit: Limit) -> TrainOn:
    # Only sft can learn every answer of a conversation.
    return limit.train_on if row.kind == "answer" else "last"


def _behind_one_prompt(chosen: TrainingRow, rejected: TrainingRow) -> list[TrainingRow]:
    """Where one side lost the beginning of its prompt, the other one loses it too."""
    prompts = [row.input_ids[: row.labels.count(MASKED)] for row in (chosen, rejected)]
    prompt = min(prompts, key=len)
    return [
        replace(
            row,
            input_ids=prompt + row.input_ids[len(own) :],
            labels=[MASKED] * len(prompt) + row.labels[len(own) :],
            cut_tokens=row.cut_tokens + len(own) - len(prompt),
        )
        for row, own in zip((chosen, rejected), prompts, strict=True)
    ]


def _asked(row: Row, side: Side, renderer: Renderer, limit: Limit) -> Measured:
    """A side whose loss falls on figures: no token is trained, what is too long loses an end."""
    length = len(ids_asked(side, renderer))
    reason = row.problem or ("" if length else "its text is empty")
    return Measured(length, 0 if reason else min(length, limit.max_length), 0, reason)


def ids_asked(side: Side, renderer: Renderer) -> list[int]:
    """What a head for figures reads: the bare text, or the prompt."""
    if side.text is not None:
        return renderer.text_ids(side.text)
    return renderer.prompt(side.messages).ids


class Lengths:
    """The figures of one split, row by row; about 12 bytes stay for each."""

    def __init__(self) -> None:
        self._report = SplitReport()
        self._kept, self._uncut = array("I"), array("I")
        self.row_lengths = array("I")
        """The longest side of every row, uncut."""
        self.worst: tuple[tuple[int, float], int] = ((-1, 0.0), 0)
        """((how bad, by how much), row) of the row that loses most."""

    def take(self, row: Row, sides: Sequence[Measured]) -> None:
        """Count one row."""
        report = self._report
        report.rows += 1
        self.row_lengths.append(max(side.uncut for side in sides))
        self._uncut.extend(side.uncut for side in sides)
        reason = next((side.reason for side in sides if side.reason), "")
        trained, kept = sum(side.trained for side in sides), sum(side.kept for side in sides)
        cut = sum(side.cut for side in sides)
        is_masked = row.kind != "scores" and not reason and any(not s.trained for s in sides)
        badness = (0, 1 - trained / kept if kept else 0.0)
        if reason:
            self._leave_out(row, reason, is_too_long=any(side.is_too_long for side in sides))
            badness = (3, float(self.row_lengths[-1]))
        elif is_masked:
            report.masked_rows += 1
            badness = (2, float(kept))
        else:
            self._kept.extend(side.kept for side in sides)
            report.trained_tokens += trained
            report.cut_rows += cut > 0
            report.cut_tokens += cut
            report.empty_answers += any(not answer.strip() for answer in row.answers)
            badness = (1, float(cut)) if cut else badness
        if badness > self.worst[0]:
            self.worst = (badness, row.number)

    def _leave_out(self, row: Row, reason: str, *, is_too_long: bool) -> None:
        report = self._report
        report.refused_rows += is_too_long
        report.unfit_rows += not is_too_long
        report.equal_pairs += reason == EQUAL
        because = report.refused_because if is_too_long else report.unfit_because
        if len(because) < SHOWN_REASONS:
            because.append(f"row {row.number}: {reason}")

    def report(self) -> SplitReport:
        """The figures so far."""
        kept, uncut = _numbers(self._kept), _numbers(self._uncut)
        report = self._report
        if len(uncut):
            report.longest_uncut, report.p95_uncut = int(uncut.max()), _percentile(uncut, 95)
            report.histogram = histogram(uncut)
        if len(kept):
            report.tokens = int(kept.sum(dtype=np.int64))
            report.mean = round(report.tokens / len(kept), 1)
            report.p50, report.p95 = _percentile(kept, 50), _percentile(kept, 95)
            report.longest = int(kept.max())
            report.trained_share = round(report.trained_tokens / report.tokens, 4)
        return report


def histogram(lengths: Any) -> list[Bin]:
    """At most ten even bins; the last one takes the long tail where there is one."""
    smallest, largest = int(lengths.min()), int(lengths.max())
    # A few giants must not squeeze everybody else into one bar.
    most = min(largest, max(_percentile(lengths, 99), smallest))
    width = _round_up((most - smallest + 1) / (MOST_BINS - 2))
    first = smallest // width
    last = min(largest // width, most // width + 1)
    places = np.minimum(lengths // width, last) - first
    counts = np.bincount(places, minlength=last - first + 1).tolist()
    is_open = largest >= (last + 1) * width
    return [
        Bin(
            low=(first + place) * width,
            high=None if is_open and first + place == last else (first + place + 1) * width - 1,
            rows=count,
        )
        for place, count in enumerate(counts)
    ]


def _round_up(width: float) -> int:
    """The next of 1, 2, 5, 10, 20, 50 and so on."""
    scale = 10 ** max(0, math.floor(math.log10(max(width, 1))))
    return next(step * scale for step in (1, 2, 5, 10) if step * scale >= width)


def _numbers(values: array[int]) -> Any:
    return np.frombuffer(values, dtype=np.uint32).astype(np.int64) if values else np.zeros(0, int)


def _percentile(values: Any, share: int) -> int:
    return int(np.percentile(values, share, method="higher"))
