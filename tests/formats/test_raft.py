"""RAFT drafts and rows: golden passages among distractors, and an answer that quotes them."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hone.errors import InvalidInput
from hone.formats import raft
from hone.formats._made import Row
from hone.records.example import Passage
from tests.formats.made import BOOK, QA, reviewed

GOLD = "The earth is the Lord's. Who made you? God made you and all things."
OTHERS = [f"Passage number {number} speaks of other things." for number in range(50)]


class Drawer:
    """A pool that offers its passages in their order."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts

    def draw(self, dice: random.Random, count: int, is_fit: Callable[[str], bool]) -> list[str]:
        found: list[str] = []
        for text in self.texts:
            if len(found) < count and is_fit(text):
                found.append(text)
        return found


def draft(answer: str = "God made you", *context: Passage, **options: Any) -> Row:
    given = reviewed("accepted", answer, context=context or (Passage(text=GOLD),))
    made = raft.run(BOOK, given, raft.Options(**options))
    assert not made.refused, made.refused
    return made.rows[0]


def complete(
    row: Row, texts: list[str] | None = None, seed: int = 0, **options: Any
) -> raft.Completed:
    dice, pool = random.Random(seed), Drawer(OTHERS if texts is None else texts)
    return raft.complete(BOOK, row, raft.Options(**options), dice, pool)


def passages(row: Row) -> list[str]:
    context = row["prompt"][-1]["content"].removeprefix("Context:\n").partition("\n\nQuestion: ")
    return [text.partition("] ")[2] for text in context[0].split("\n\n")]


def test_a_row_has_the_layout_of_sft() -> None:
    done = complete(draft(), without_golden_share=0)
    assert set(done.row) == {"id", "prompt", "completion", "weight"}
    assert done.row["prompt"][-1]["content"].endswith("\n\nQuestion: Who made you?")
    assert sorted(passages(done.row)) == sorted([GOLD, *OTHERS[:4]])
    assert done.row["completion"] == [
        {
            "role": "assistant",
            "content": "##Reason: ##begin_quote## God made you and all things. ##end_quote##\n"
            "##Answer: God made you",
        }
    ]
    assert (done.has_golden, done.has_all_distractors, done.lacks_quote) == (True, True, False)


def test_the_order_is_the_dices_and_theirs_alone() -> None:
    rows = [complete(draft(), seed=seed, without_golden_share=0).row for seed in range(20)]
    assert rows[3] == complete(draft(), seed=3, without_golden_share=0).row
    assert {passages(row).index(GOLD) for row in rows} == {0, 1, 2, 3, 4}


def test_a_share_of_rows_stands_without_the_golden_passage() -> None:
    done = [complete(draft(), seed=seed, without_golden_share=0.3) for seed in range(1000)]
    bare = [one for one in done if not one.has_golden]
    assert 250 <= len(bare) <= 350
    for one in bare:
        assert sorted(passages(one.row)) == sorted(OTHERS[:4])
        # What is not there cannot be quoted.
        assert one.row["completion"][0]["content"] == "God made you"


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ("answer", "God made you"),
        ("unanswerable", "I do not know."),
        ("quoted", "##Reason: ##begin_quote## God made you and all things. ##end_quote##\n"
         "##Answer: God made you"),
    ],
)  # fmt: skip
def test_what_a_bare_row_answers_is_chosen(choice: str, said: str) -> None:
    options = {"without_golden": choice, "without_golden_share": 1}
    done = complete(draft(**options), **options)
    assert not done.has_golden
    assert done.row["completion"][0]["content"] == said


def test_what_helps_is_no_distractor() -> None:
    helping = ["THE EARTH is  the Lord's. Who made you? God made you and all things.",
               "Again: God made you  and all things.", OTHERS[0], OTHERS[0]]  # fmt: skip
    done = complete(draft(), helping, without_golden_share=0)
    assert sorted(passages(done.row)) == sorted([GOLD, OTHERS[0]])
    assert not done.has_all_distractors


def test_passages_of_its_own_that_are_not_golden_come_first() -> None:
    own = [Passage(text=f"Own {number}.", is_golden=False) for number in range(2)]
    row = draft("God made you", Passage(text=GOLD), *own)
    found = passages(complete(row, without_golden_share=0, distractors=3).row)
    assert sorted(found) == sorted([GOLD, "Own 0.", "Own 1.", OTHERS[0]])
    assert len(passages(complete(row, without_golden_share=0, distractors=1).row)) == 2


def test_without_any_other_passage_the_golden_one_stays() -> None:
    done = complete(draft(), [], without_golden_share=1)
    assert done.has_golden and passages(done.row) == [GOLD]


def test_a_question_without_an_answer_quotes_nothing_and_keeps_its_passage() -> None:
    done = complete(draft("I do not know."), without_golden_share=1)
    assert done.has_golden and not done.lacks_quote
    assert done.row["completion"][0]["content"] == "I do not know."


def test_an_answer_in_other_words_keeps_its_row_and_says_that_it_quotes_nothing() -> None:
    row = draft("The potter of heaven")
    assert row["lacks_quote"] and row["answer"] == "The potter of heaven"
    given = reviewed("accepted", "The potter of heaven", context=(Passage(text=GOLD),))
    made = raft.run(BOOK, given, raft.Options(quote="required"))
    assert (list(made.rows), made.refused[0].reason) == ([], "no_quote")
    assert "25%" in made.refused[0].detail
    assert not draft("The potter of heaven", quote="none")["lacks_quote"]


def test_a_quotation_that_a_person_wrote_is_kept() -> None:
    text = "##Reason: It says ##begin_quote## GOD made you ##end_quote##\n##Answer: God"
    row = draft(text, without_golden="answer")
    assert (row["answer"], row["bare"], row["quotes"]) == (text, "God", ["GOD made you"])
    without = draft("It says ##begin_quote## God made you ##end_quote##, so God.")
    assert without["bare"] is None
    assert complete(without, without_golden_share=1).has_golden


def test_a_golden_passage_without_the_quotation_is_said() -> None:
    text = "##begin_quote## The devil made you ##end_quote## ##Answer: He"
    given = reviewed("accepted", text, context=(Passage(text=GOLD),))
    made = raft.run(BOOK, given, raft.Options())
    assert not made.rows
    assert made.refused[0].reason == "quote_not_in_passage"
    assert '"The devil made you"' in made.refused[0].detail
    half = reviewed("accepted", "##begin_quote## God", context=(Passage(text=GOLD),))
    assert raft.run(BOOK, half, raft.Options()).refused[0].reason == "bad_quote"


def test_an_example_without_a_golden_passage_is_refused() -> None:
    lost = Passage(text="Elsewhere.", is_golden=False)
    for context in ((), (lost,), (Passage(text=" "),)):
        made = raft.run(BOOK, reviewed("accepted", context=context), raft.Options())
        assert (list(made.rows), made.refused[0].reason) == ([], "no_passage")


def test_everything_that_a_task_lacks_is_said_at_once(tmp_path: Path) -> None:
    options = raft.Options(without_golden="unanswerable", passages=tmp_path / "none.jsonl")
    with pytest.raises(InvalidInput) as caught:
        raft.facts(QA, options)
    assert len(caught.value.problems) == 3
    assert "context: true" in caught.value.hint and "passages=FILE" in caught.value.hint
    file = tmp_path / "library.jsonl"
    file.write_text('{"id": "p", "text": "t"}\n')
    facts = raft.facts(BOOK, raft.Options(passages=file))
    assert facts["passages"]["file"] == "library.jsonl" and len(facts["passages"]["sha256"]) == 64
