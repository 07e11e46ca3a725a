"""What columns mean: every shape is recognised from a few rows."""

from __future__ import annotations

from typing import Any

import pytest

from hone.errors import InvalidInput
from hone.importers._column_map import SHAPES
from hone.importers._forms import Draft
from hone.importers._mapping import drafter
from hone.importers._rows import RowUnfit
from hone.importers._shapes import recognise
from tests.importers.shaping import (
    CHAT,
    KALE,
    KALE_TEXT,
    LONG,
    PASSAGE,
    PICKUP,
    QA,
    REPLY,
    SCORE,
    TALK,
    drafts,
    pair,
    said,
)


@pytest.mark.parametrize(
    ("row", "shape"),
    [
        ({"question": "q", "answer": "a"}, "qa"),
        ({"Question": "q", "Answer": "a", "Source": "s"}, "qa"),
        ({"Queries": "q", "Expected Response": "a"}, "qa"),
        ({"query": "q", "expected_response": "a"}, "qa"),
        ({"Q": "q", "A": "a"}, "qa"),
        ({"Question": "q", "Best Answer": "a", "Best Incorrect Answer": "b"}, "qa"),
        ({"question": "q", "answer": "a", "prompt": "p"}, "qa"),
        ({"input": "q", "output": "a"}, "qa"),
        ({"prompt": "q", "completion": "a"}, "prompt_completion"),
        ({"prompt": "q", "response": "a"}, "prompt_completion"),
        ({"instruction": "q", "input": "", "output": "a"}, "alpaca"),
        ({"conversations": said("q", "a", "from", "value")}, "sharegpt"),
        ({"messages": said("q", "a")}, "messages"),
        ({"utterances": said("q", "a", "speaker", "text")}, "messages"),
        ({"prompt": "q", "chosen": "a", "rejected": "b"}, "preference"),
        ({"prompt": "q", "completion": "a", "label": True}, "kto"),
        ({"text": "q", "category": "a"}, "text_category"),
        ({"text": "q", "label": "a"}, "text_category"),
        ({"question": "q", "original_answer": "a", "answer": "b", "status": "edited"}, "session"),
        ({"prompt": {"role": "prompter", "text": "q", "replies": [REPLY]}}, "oasst"),
    ],
)  # fmt: skip
def test_a_question_and_an_answer_are_recognised(row: dict[str, Any], shape: str) -> None:
    found = recognise([row], QA)
    assert found.shape == shape
    assert 0.5 < found.confidence <= 1
    question, outputs = pair(row)
    assert question == {"question": "q"}
    assert outputs[0] == {"answer": "a"}


def test_every_shape_has_a_sentence_and_can_be_asked_for_by_name() -> None:
    assert all(SHAPES.values())
    row = {"prompt": "q", "completion": "a", "label": True}
    assert recognise([row], QA, shape="kto").shape == "kto"
    assert recognise([row], QA, shape="prompt_completion").shape == "prompt_completion"
    with pytest.raises(InvalidInput) as caught:
        recognise([row], QA, shape="alpacca")
    assert 'Did you mean "alpaca"?' in caught.value.hint
    assert "not those of squad" in recognise([row], QA, shape="squad").question


def test_alpaca_joins_instruction_and_input_and_keeps_the_history() -> None:
    row = {"instruction": "Translate", "input": "Haus", "output": "house", "history": [["a", "b"]]}
    assert pair(row | {"history": []})[0] == {"question": "Translate\nHaus"}
    messages = pair(row | {"system": "Be brief"}, CHAT)[0]["messages"]
    assert [turn["role"] for turn in messages] == ["system", "user", "assistant", "user"]
    assert messages[-1]["content"] == "Translate\nHaus"


def test_a_long_conversation_is_one_chat_example_up_to_its_last_reply() -> None:
    question, outputs = pair({"messages": LONG}, CHAT)
    assert [turn["role"] for turn in question["messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    assert question["messages"][-1]["content"] == "Who?"
    assert outputs == [{"reply": "I am Hone"}]


def test_a_long_conversation_does_not_fit_a_question() -> None:
    (unfit,) = drafts({"messages": LONG}, QA)
    assert isinstance(unfit, RowUnfit)
    assert "one question with one answer" in unfit.reason
    assert "chat task" in unfit.hint


def test_questions_fit_chat_tasks() -> None:
    question, outputs = pair({"question": "q", "answer": "a"}, CHAT)
    assert question == {"messages": [{"role": "user", "content": "q"}]}
    assert outputs == [{"reply": "a"}]


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([], "no turns"),
        ([{"role": "tool", "content": "x"}], 'spoken by "tool"'),
        ([{"role": "user", "content": [{"type": "image", "url": "x"}]}], 'type "image"'),
        ([{"role": "user", "content": None}], "no text"),
        ([{"role": "user", "content": "x"}], "holds no reply"),
        ([{"role": "assistant", "content": "x"}], "nobody says anything"),
        ([{"role": "user"}], "no speaker or no text"),
    ],
)
def test_conversations_that_teach_nothing_are_refused(messages: list[Any], reason: str) -> None:
    good = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
    rows = [good, {"messages": messages}]
    with pytest.raises(RowUnfit) as caught:
        drafter(recognise(rows, CHAT), CHAT)(rows[1])
    assert reason in caught.value.reason


def test_a_preference_has_the_chosen_answer_first_and_a_lower_score_for_the_other() -> None:
    chosen, rejected = ({"from": "gpt", "value": text} for text in "cr")
    row = {"conversations": TALK[:1], "chosen": chosen, "rejected": rejected}
    (draft,) = drafts(row, QA)
    assert isinstance(draft, Draft)
    assert [(one.output["answer"], one.score) for one in draft.proposals] == [
        ("c", 1.0),
        ("r", 0.0),
    ]
    assert draft.tags == ["preference"]


def test_a_preference_of_whole_conversations_shares_its_beginning() -> None:
    def told(text: str) -> list[dict[str, str]]:
        return [{"role": "user", "content": "q"}, {"role": "assistant", "content": text}]

    question, outputs = pair({"chosen": told("c"), "rejected": told("r")})
    assert question == {"question": "q"}
    assert outputs == [{"answer": "c"}, {"answer": "r"}]


@pytest.mark.parametrize(
    ("label", "score", "tag"), [(True, 1.0, "liked"), (False, 0.0, "disliked")]
)
def test_a_rated_answer_keeps_its_rating(label: bool, score: float, tag: str) -> None:
    talk = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    (draft,) = drafts({"messages": talk, "label": label}, QA)
    assert isinstance(draft, Draft)
    assert (draft.proposals[0].score, draft.tags) == (score, [tag])


def test_squad_gives_an_example_per_question_with_its_passage_and_group() -> None:
    asked = [
        {"question": "q1", "answers": [{"text": "a"}, {"text": "b"}, {"text": "a"}]},
        {"question": "q2", "answers": [], "is_impossible": True},
    ]
    row = {"title": "Grace", "paragraphs": [{"context": PASSAGE["text"], "qas": asked}]}
    first, second = drafts(row, QA)
    assert isinstance(first, Draft) and isinstance(second, Draft)
    assert [one.output["answer"] for one in first.proposals] == ["a", "b"]
    assert (first.passages, first.group) == ([PASSAGE], "Grace")
    assert [one.output for one in second.proposals] == [{"answer": "I do not know."}]


def test_squad_questions_without_an_answer_need_a_word_for_it() -> None:
    silent = QA.model_copy(update={"unanswerable": None})
    row = {"paragraphs": [{"context": "c", "qas": [{"question": "q", "is_impossible": True}]}]}
    (unfit,) = drafts(row, silent)
    assert isinstance(unfit, RowUnfit)
    assert unfit.hint == 'add to tasks/qa.yaml: unanswerable: "I do not know."'


def test_squad_rows_of_one_question_are_recognised() -> None:
    answers = {"text": ["a"], "answer_start": [0]}
    row = {"id": "1", "title": "T", "context": "c", "question": "q", "answers": answers}
    (draft,) = drafts(row, QA)
    assert isinstance(draft, Draft)
    assert (draft.input, draft.group) == ({"question": "q"}, "T")


def test_of_a_message_tree_the_best_ranked_branch_is_taken() -> None:
    def node(role: str, text: str, rank: int | None, *replies: Any, deleted: bool = False) -> Any:
        return {
            "role": role,
            "text": text,
            "rank": rank,
            "replies": list(replies),
            "deleted": deleted,
        }

    tree = node(
        "prompter", "q", None,
        node("assistant", "second", 1),
        node("assistant", "first", 0, node("prompter", "more", None)),
        node("assistant", "gone", -1, deleted=True),
    )  # fmt: skip
    assert pair({"prompt": tree}) == ({"question": "q"}, [{"answer": "first"}])


def test_nested_scripture_becomes_passages_with_their_names() -> None:
    row = {"Q": "q", "A": "a", "S": [[{"T": "Psalm 86", "C": " Bow down thine ear"}], []]}
    (draft,) = drafts(row, QA)
    assert isinstance(draft, Draft)
    assert draft.passages == [{"text": " Bow down thine ear", "source": "Psalm 86"}]


@pytest.mark.parametrize(
    ("row", "slots"),
    [
        ({"message": "m", "slots": KALE | {"quantity": 2}}, KALE | {"quantity": 2}),
        ({"message": "m", "output": KALE_TEXT}, KALE),
        (
            {"text": "m", "item": "kale", "quantity": "2.5", "cold": "yes"},
            KALE | {"quantity": 2.5, "cold": True},
        ),
        ({"text": "m", "item": "kale", "quantity": ""}, KALE),
        ({"messages": said("m", KALE_TEXT)}, KALE),
        ({"prompt": said("m", KALE_TEXT)[:1], "completion": said("m", KALE_TEXT)[1:]}, KALE),
    ],
)
def test_extract_tasks_take_slots_columns_and_json_text(row: dict[str, Any], slots: Any) -> None:
    assert pair(row, PICKUP) == ({"message": "m"}, [slots])


@pytest.mark.parametrize(
    ("slots", "reason"),
    [
        ({"colour": "red"}, "has no field colour"),
        ("not json", "not JSON"),
        ([1], "neither an object"),
        ([{"item": "a"}, {"item": "b"}], "several objects"),
        (None, "slots are missing"),
    ],
)
def test_slots_that_do_not_fit_the_task_are_refused(slots: Any, reason: str) -> None:
    row = {"message": "m", "slots": slots}
    sample = [{"message": "m", "slots": KALE}, {"message": "m", "slots": KALE}, row]
    with pytest.raises(RowUnfit) as caught:
        drafter(recognise(sample, PICKUP), PICKUP)(row)
    assert reason in caught.value.reason


def test_a_cell_that_is_no_number_is_refused_by_name() -> None:
    row = {"text": "m", "item": "kale", "quantity": "many"}
    with pytest.raises(RowUnfit, match="quantity 'many' is no number"):
        drafter(recognise([row], PICKUP), PICKUP)(row)


def test_score_tasks_take_a_text_and_a_column_per_dimension() -> None:
    row = {"title": "T", "full_text": "c", "Clarity": "7.5", "WARMTH": 3}
    question, outputs = pair(row, SCORE)
    assert question == {"title": "T", "content": "c"}
    assert outputs == [{"labels": {"clarity": 7.5, "warmth": 3.0}}]


@pytest.mark.parametrize(
    ("value", "reason"), [("high", "is no number"), ("11", "outside the scale")]
)
def test_scores_that_are_none_are_refused(value: str, reason: str) -> None:
    row = {"text": "c", "clarity": value, "warmth": "1"}
    with pytest.raises(RowUnfit, match=reason):
        drafter(recognise([row], SCORE), SCORE)(row)
