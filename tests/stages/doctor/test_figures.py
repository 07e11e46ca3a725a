"""Lengths, cuts, refusals and the histogram of a split; which rows are shown."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from hone.stages.doctor.lengths import MOST_BINS, Lengths, Measured, histogram
from hone.stages.doctor.report import Report
from hone.stages.doctor.rows import Row, Side
from tests.stages.doctor.frozen import answer_row, asked, said

Look = Callable[..., Report]


def numbered(count: int) -> list[dict[str, object]]:
    return [answer_row(f"What is {n * 7919} in words?", f"It is {n}.") for n in range(count)]


def row(number: int, answer: str = "yes") -> Row:
    return Row("train", number, "", "answer", (Side("", []),), "?", (answer,), {})


def test_what_is_left_out_is_counted_apart_from_what_is_kept() -> None:
    lengths = Lengths()
    lengths.take(row(1), [Measured(100, 60, 20)])
    reason = "the answer needs 300 tokens, the limit is 60"
    lengths.take(row(2), [Measured(300, 0, 0, reason, is_too_long=True)])
    lengths.take(row(3), [Measured(10, 10, 0)])
    lengths.take(row(4, " "), [Measured(40, 40, 1)])
    lengths.take(row(5), [Measured(20, 0, 0, "its text is empty")])
    found = lengths.report()
    assert (found.rows, found.cut_rows, found.cut_tokens) == (5, 1, 40)
    assert (found.unfit_rows, found.unfit_because) == (1, ["row 5: its text is empty"])
    assert (found.refused_rows, found.masked_rows, found.empty_answers) == (1, 1, 1)
    assert found.refused_because == ["row 2: the answer needs 300 tokens, the limit is 60"]
    assert (found.tokens, found.longest, found.longest_uncut) == (100, 60, 300)
    assert (found.trained_tokens, found.trained_share) == (21, 0.21)
    assert lengths.worst == ((3, 300.0), 2)


@pytest.mark.parametrize(
    ("lengths", "first", "last"),
    [
        ([7], (7, 7, 1), (7, 7, 1)),
        ([5, 6, 14], (4, 5, 1), (14, 15, 1)),
        ([100] * 999 + [90_000], (100, 100, 999), (101, None, 1)),
        (list(range(60, 560)), (0, 99, 40), (500, 599, 60)),
    ],
)
def test_the_histogram_holds_every_row_once(
    lengths: list[int], first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    bins = histogram(np.array(lengths))
    assert sum(one.rows for one in bins) == len(lengths) and len(bins) <= MOST_BINS
    assert (bins[0].low, bins[0].high, bins[0].rows) == first
    assert bins[-1].rows == last[2] and bins[-1].high == last[1]
    for before, after in pairwise(bins):
        assert before.high is not None and after.low == before.high + 1


def test_percentiles_are_lengths_that_occur(look: Look) -> None:
    found = look({"train": numbered(50)}).splits["train"]
    assert found.p50 <= found.p95 <= found.longest == found.longest_uncut
    assert abs(found.mean - found.tokens / 50) < 0.06
    assert 0 < found.trained_share < 1


def test_the_longest_the_middle_and_the_worst_row_are_shown(look: Look) -> None:
    rows = [answer_row(f"{'why ' * n}{n}?", "Yes.") for n in range(1, 22)]
    rows.append(answer_row("long answer", "word " * 400))
    rows.append(answer_row("what " * 1500, "No."))
    report = look({"train": rows}, examples=3)
    assert [(one.row, one.why) for one in report.examples] == [
        (23, "the longest"),
        (12, "of middle length"),
        (22, "left out"),
    ]
    long, _, worst = (one.sides[0] for one in report.examples)
    assert long.kept == 512 and sum(t.role == "cut" for t in long.tokens) > 1000
    assert worst.kept == 0 and {t.role for t in worst.tokens} == {"cut"}
    assert "the answer needs" in worst.note
    assert {one.row for one in look({"train": rows}, examples=1).examples} == {22}
    assert len(look({"train": rows}, examples=20).examples) == 20
    assert len(look({"train": rows[:2]}, examples=20).examples) == 2
    assert look({"train": rows}, examples=0).examples == []


def test_every_answer_of_a_conversation_counts_where_all_are_trained(look: Look) -> None:
    turns = [*asked("Hello?"), *said("Hello."), *asked("And?")]
    rows = [{"id": "c", "prompt": turns, "completion": said("Goodbye.")}]
    last, every = (
        look({"train": rows}, "chat", train_on=which).splits["train"] for which in ("last", "all")
    )
    assert every.tokens == last.tokens and every.trained_tokens > last.trained_tokens


def test_a_pair_is_two_sequences_and_a_text_with_figures_one(look: Look) -> None:
    pair = {"id": "p", "prompt": asked("Why?"), "chosen": said("So."), "rejected": said("No " * 9)}
    report = look({"train": [pair]}, format="dpo", examples=1)
    [example] = report.examples
    assert [side.name for side in example.sides] == ["chosen", "rejected"]
    assert report.splits["train"].tokens == sum(side.kept for side in example.sides)
    # Both are padded to the longer one.
    assert len({len(side.tokens) for side in example.sides}) == 1
    text = {"id": "t", "text": "A story <|im_end|> told.", "labels": [1.0, 2.0]}
    report = look({"train": [text]}, "score", format="regression", examples=1)
    [side] = report.examples[0].sides
    assert "".join(token.text for token in side.tokens) == text["text"]
    assert not any(token.is_control for token in side.tokens)
    assert report.splits["train"].trained_tokens == 0
    cut = look({"train": [text]}, "score", format="regression", max_length=8).splits["train"]
    assert (cut.longest, cut.cut_rows) == (8, 1)
