"""SFT rows: prompt messages and one completion, weighted by who wrote the answer."""

from __future__ import annotations

from hone.formats import sft
from tests.formats.made import QA, reviewed


def test_a_row_is_prompt_and_completion() -> None:
    [row] = sft.run(QA, reviewed("accepted"), sft.Options()).rows
    assert row == {
        "id": "e1",
        "prompt": [
            {"role": "system", "content": "Answer briefly."},
            {"role": "user", "content": "Who made you?"},
        ],
        "completion": [{"role": "assistant", "content": "God."}],
        "weight": 1.0,
    }
    assert sft.conversations(row) == [[*row["prompt"], *row["completion"]]]


def test_an_edited_answer_can_weigh_more() -> None:
    options = sft.Options(edited_weight=2.5)
    assert sft.run(QA, reviewed("edited"), options).rows[0]["weight"] == 2.5
    assert sft.run(QA, reviewed("accepted"), options).rows[0]["weight"] == 1.0


def test_an_answer_that_does_not_fit_is_refused_with_the_reason() -> None:
    made = sft.run(QA, reviewed("accepted", ""), sft.Options())
    assert not made.rows
    assert made.refused[0] == ("invalid", "The answer is missing.")
