"""Suggestions beside the answer: every word accounted for, few pieces, bounded work."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hone.errors import NotFound
from hone.records.example import Example, Suggestion
from hone.records.review import Decision
from hone.rendering.word_diff import MOST_PIECES, word_diff
from hone.stages import review
from hone.workspace.open import Workspace, init_workspace
from hone.workspace.store import new_example

PICKUP = """\
kind: extract
name: pickup
fields:
  item: {type: string, required: true}
  quantity: {type: number}
"""


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "w") as workspace:
        (workspace.root / "tasks" / "pickup.yaml").write_text(PICKUP)
        examples = [
            Example(
                id="q",
                task="qa",
                input={"question": "Why?"},
                suggestions=[
                    Suggestion(
                        agent="import", output={"answer": "Because of the rain."}, score=0.4
                    ),
                    Suggestion(agent="rules", output={"answer": "Because of the heavy snow."}),
                ],
                fingerprint="q",
            ),
            Example(id="bare", task="qa", input={"question": "So?"}, fingerprint="bare"),
            Example(
                id="p",
                task="pickup",
                input={"message": "2 apples"},
                suggestions=[
                    Suggestion(agent="rules", output={"quantity": 2, "item": "apples"}),
                    Suggestion(agent="model", output={"item": "pears", "quantity": 2}),
                    Suggestion(agent="odd", output={"gone": "field"}),
                ],
                fingerprint="p",
            ),
            Example(
                id="lost",
                task="forgotten",
                input={"x": 1},
                suggestions=[Suggestion(agent="import", output={"y": 2})],
                fingerprint="lost",
            ),
        ]
        workspace.store.examples.add_many(new_example(one, search="") for one in examples)
        yield workspace


def test_suggestions_are_compared_with_the_first_one(ws: Workspace) -> None:
    first, second = review.comparison(ws, "q")
    assert (first.agent, first.score, first.diff) == (
        "import",
        0.4,
        [("=", "Because of the rain.")],
    )
    assert second.text == "Because of the heavy snow."
    assert second.diff == [
        ("=", "Because of the "),
        ("-", "rain"),
        ("+", "heavy snow"),
        ("=", "."),
    ]


def test_an_answer_stands_first_and_everything_is_compared_with_it(ws: Workspace) -> None:
    edited = Decision(
        op_id="o", example_id="q", verdict="edit", reviewer="ann", output={"answer": "No."}
    )
    review.decide(ws, [edited])
    columns = review.comparison(ws, "q")
    assert [one.agent for one in columns] == ["answer", "import", "rules"]
    assert columns[0].diff == [("=", "No.")]
    assert columns[1].diff[0] == ("-", "No")
    assert columns[1].output == {"answer": "Because of the rain."}


def test_answers_of_fields_are_compared_in_the_order_of_the_task(ws: Workspace) -> None:
    rules, model, odd = review.comparison(ws, "p")
    assert rules.text == '{"item": "apples", "quantity": 2}'
    assert model.diff == [
        ("=", '{"item": "'),
        ("-", "apples"),
        ("+", "pears"),
        ("=", '", "quantity": 2}'),
    ]
    assert odd.text == '{"gone": "field"}', "what does not fit its task is shown as it is"


def test_a_task_that_is_gone_does_not_hide_its_examples(ws: Workspace) -> None:
    assert review.comparison(ws, "lost")[0].text == '{"y": 2}'


def test_nothing_suggested_is_nothing_to_compare(ws: Workspace) -> None:
    assert review.comparison(ws, "bare") == []
    with pytest.raises(NotFound):
        review.comparison(ws, "nobody")


texts = st.lists(st.sampled_from(["one", "two", " ", "  ", "\n", ".", ",", "Ä", "two's", ""])).map(
    "".join
)


@settings(max_examples=300, deadline=None)
@given(texts, texts)
def test_the_pieces_are_both_texts_whole(first: str, second: str) -> None:
    diff = word_diff(first, second)
    assert "".join(text for mark, text in diff if mark != "+") == first
    assert "".join(text for mark, text in diff if mark != "-") == second
    assert all(text for _, text in diff)
    assert all(a[0] != b[0] for a, b in pairwise(diff))


@pytest.mark.parametrize(
    ("first", "second", "diff"),
    [
        ("a b c", "x y z", [("-", "a b c"), ("+", "x y z")]),
        ("a b c", "a b", [("=", "a b"), ("-", " c")]),
        ("", "new", [("+", "new")]),
        ("same", "same", [("=", "same")]),
        ("one two", "one  two", [("=", "one"), ("+", " "), ("=", " two")]),
    ],
)
def test_a_change_is_one_piece(first: str, second: str, diff: list[tuple[str, str]]) -> None:
    assert word_diff(first, second) == diff


def test_long_texts_are_compared_by_lines_and_then_not_at_all() -> None:
    chance = random.Random(1)
    words = [chance.choice("abcdefgh") for _ in range(3 * MOST_PIECES)]
    others = words[:10] + [chance.choice("abcdefgh") for _ in range(3 * MOST_PIECES)]
    began = time.process_time()
    one_line = word_diff(" ".join(words), " ".join(others))
    # Too many words, but not too many lines.
    lines = [" ".join(words[at : at + 10]) for at in range(0, len(words), 10)]
    in_lines = word_diff("x\n" + "\n".join(lines), "y\n" + "\n".join([*lines[:-5], "z"]))
    assert [mark for mark, _ in one_line] == ["=", "-", "+"]
    assert len(in_lines) > 3
    # Seconds where the work is bounded, many minutes where it were not.
    assert time.process_time() - began < 20
