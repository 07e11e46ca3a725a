"""Quotations: found word for word in the passage, and checked where a person wrote them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hone.formats import _quotes
from hone.formats._quotes import find_quote, holds
from hone.rendering.quotations import answer_alone, quoted, with_quote

PASSAGE = (
    "The tower was built in 1889. Its architect was Eiffel, who came from Dijon.\n"
    "In 1889 the fair opened! It closed after six months."
)


def test_the_sentence_that_holds_the_answer_is_quoted() -> None:
    found = find_quote("Where was the architect from?", "dijon", [PASSAGE])
    assert found == ("Its architect was Eiffel, who came from Dijon.", 1.0)


def test_among_several_the_sentence_that_is_about_the_question_is_quoted() -> None:
    found = find_quote("When did the fair open?", "1889", ["Nothing here.", PASSAGE])
    assert found is not None and found.text == "In 1889 the fair opened!"


def test_an_answer_over_two_sentences_quotes_both() -> None:
    found = find_quote("?", "built in 1889. Its  architect", [PASSAGE])
    assert found is not None
    assert found.text == PASSAGE.splitlines()[0]


def test_an_answer_in_other_words_quotes_the_sentence_that_shares_most() -> None:
    found = find_quote("?", "Eiffel came from a town called Dijon", [PASSAGE])
    assert found is not None and found.text.startswith("Its architect")
    assert found.share == pytest.approx(4 / 7)
    assert find_quote("?", "nothing alike", [PASSAGE]) is None


def test_part_of_a_word_is_not_the_answer() -> None:
    found = find_quote("?", "ten", ["Often it rains. Only ten came."])
    assert found is not None and found.text == "Only ten came."


def test_marks_are_read_and_written() -> None:
    text = with_quote("Its architect was Eiffel", "Eiffel")
    assert text == (
        "##Reason: ##begin_quote## Its architect was Eiffel ##end_quote##\n##Answer: Eiffel"
    )
    assert quoted(text) == ["Its architect was Eiffel"]
    assert answer_alone(text) == "Eiffel"
    assert answer_alone("Eiffel") == "Eiffel"
    assert answer_alone("as ##begin_quote## this ##end_quote## says") is None


@pytest.mark.parametrize(
    "text",
    [
        "##begin_quote## open",
        "closed ##end_quote##",
        "##begin_quote## ##end_quote##",
        "##begin_quote## a ##begin_quote## b ##end_quote##",
        "##begin_quote## a ##end_quote## b ##end_quote##",
    ],
)
def test_marks_without_a_partner_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="quot"):
        quoted(text)


@given(st.text(max_size=200), st.text(max_size=30), st.text(max_size=30))
def test_what_is_quoted_always_stands_in_the_passage(
    passage: str, answer: str, question: str
) -> None:
    found = find_quote(question, answer, [passage])
    assert found is None or (found.text in passage and holds(passage, found.text))


@pytest.mark.parametrize("filler", ["a", " ", ".", "\n", "' ", ".)", "a. ", "。", "\t."])
def test_no_passage_takes_long(filler: str) -> None:
    # Nothing to measure: a pattern that goes back over the text would not come back from this.
    assert find_quote("?", "word " * 50, ["x" + filler * 200_000 + "y"]) is None


def test_sentences_end_where_people_end_them() -> None:
    text = 'He said "no." Then (at 3.5 p.m.) …  he left!\n\nTitle without a stop  \n- 是。不是。'
    assert [text[begin:end] for begin, end in _quotes._spans(text)] == [
        'He said "no."',
        "Then (at 3.5 p.m.)",
        "…  he left!",
        "Title without a stop",
        "- 是。",
        "不是。",
    ]
