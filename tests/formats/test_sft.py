"""SFT rows: prompt messages and one completion, weighted by who wrote the answer."""

from __future__ import annotations

from hone.formats import sft
from hone.records.example import Example
from hone.records.task import Task

QA = Task(kind="qa", name="catechism", system="Answer briefly.")


def example(status: str) -> Example:
    return Example.model_validate(
        {
            "id": "e1",
            "task": "catechism",
            "input": {"question": "Who made you?"},
            "output": {"answer": "God."},
            "fingerprint": "f",
            "status": status,
        }
    )


def test_a_row_is_prompt_and_completion() -> None:
    assert sft.run(QA, example("accepted"), sft.Options()) == {
        "id": "e1",
        "prompt": [
            {"role": "system", "content": "Answer briefly."},
            {"role": "user", "content": "Who made you?"},
        ],
        "completion": [{"role": "assistant", "content": "God."}],
        "weight": 1.0,
    }


def test_an_edited_answer_can_weigh_more() -> None:
    options = sft.Options(edited_weight=2.5)
    assert sft.run(QA, example("edited"), options)["weight"] == 2.5
    assert sft.run(QA, example("accepted"), options)["weight"] == 1.0
