"""Extraction: validation field by field, pounds, strict reading of JSON, the field score."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hone import shelf
from hone.tasks import _json_answers, extract
from tests.tasks.kinds import PICKUP, SINGLE


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({}, "record 1: item is missing."),
        ({"item": None}, "record 1: item is missing."),
        ({"item": " "}, "The item is empty."),
        ({"item": 3}, "The item must be text, not a number (3)."),
        ({"item": "a", "quantity": "12"}, "quantity must be a number, not text ('12')."),
        ({"item": "a", "quantity": True}, "quantity must be a number, not true or false (True)."),
        ({"item": "a", "quantity": float("inf")}, "quantity must be a finite number, not inf."),
        ({"item": "a", "unit": "boxes"}, "unit must be one of cases, lbs, each, not 'boxes'."),
        ({"item": "a", "unit": ["lbs"]}, "unit must be one of cases, lbs, each, not ['lbs']."),
        ({"item": "a", "count": 1.5}, "count must be a whole number, not 1.5."),
        ({"item": "a", "is_cold": "yes"}, "is_cold must be true or false, not 'yes'."),
        ({"item": "a", "date": "2026-02-30"}, "date is no date of the calendar: '2026-02-30'."),
        ({"item": "a", "date": "20.11.2026"}, "date must be a date as YYYY-MM-DD"),
        ({"item": "a", "itm": 1}, "unknown field 'itm'. Did you mean \"item\"?"),
        ("a", "The record must be an object with named fields, not text."),
    ],
)
def test_each_field_is_checked_by_its_type(record: Any, said: str) -> None:
    (problem,) = extract.output_problems(PICKUP, [record])
    assert said in problem
    assert problem.startswith("record 1: ")


def test_all_problems_come_at_once_and_name_their_record() -> None:
    problems = extract.output_problems(PICKUP, [{"unit": "x", "quantity": "y"}, {"item": 1}])
    assert [problem.split(":")[0] for problem in problems] == ["record 1"] * 3 + ["record 2"]


def test_good_values_of_every_type_pass() -> None:
    record = {"item": "a", "quantity": 0.5, "unit": "each", "count": 2.0, "is_cold": False,
              "date": "2026-11-20"}  # fmt: skip
    assert extract.output_problems(PICKUP, [record]) == []
    assert extract.output_problems(PICKUP, []) == []
    assert extract.output_problems(SINGLE, record) == []


def test_shape_follows_many() -> None:
    assert extract.output_problems(PICKUP, {"item": "a"}) == [
        "The output must be a list of records, not an object."
    ]
    assert "must be an object" in extract.output_problems(SINGLE, [{"item": "a"}])[0]
    assert "at most 1,000" in extract.output_problems(PICKUP, [{"item": "a"}] * 1001)[0]


def test_the_answer_has_the_fields_in_the_order_of_the_task() -> None:
    record = {"unit": "lbs", "quantity": 2.50, "date": None, "item": 'crème <b> "x"'}
    assert extract.answer_text(PICKUP, [record]) == (
        '[{"item": "crème <b> \\"x\\"", "quantity": 2.5, "unit": "lbs"}]'
    )
    assert extract.answer_text(SINGLE, record).startswith('{"item"')
    assert extract.answer_text(PICKUP, []) == "[]"


def test_one_object_stands_for_a_list_of_one_and_the_other_way_round() -> None:
    assert extract.parse(PICKUP, '{"item": "a"}') == [{"item": "a"}]
    assert extract.parse(SINGLE, '[{"item": "a"}]') == {"item": "a"}
    assert extract.parse(SINGLE, '[{"item": "a"}, {"item": "b"}]') is None
    assert extract.parse(SINGLE, "[]") is None


@pytest.mark.parametrize(
    "text", ['```json\n[{"item": "a"}]\n```', 'Sure: [{"item": "a"}]', "[1]", '"a"', "null", "[]]"]
)
def test_anything_but_the_json_itself_is_unreadable_and_scores_zero(text: str) -> None:
    assert extract.parse(PICKUP, text) is None
    assert extract.score(PICKUP, text, [{"item": "a"}]) == 0.0


def test_the_score_is_that_of_the_metric() -> None:
    metric = shelf.load("metrics", "json_fields")
    truth = [{"item": "kale", "quantity": 2, "unit": "cases"}, {"item": "beets"}]
    reference = extract.answer_text(PICKUP, truth)
    texts = [
        reference,
        '[{"item": "beets"}, {"item": "kale", "quantity": 2.0, "unit": "cases"}]',
        '[{"item": "kale", "quantity": 3}]',
        '{"item": "beets"}',
        "[]",
        "nothing",
    ]
    scores = [extract.score(PICKUP, text, truth) for text in texts]
    assert scores == list(metric.run(texts, [reference] * len(texts)).per_example)
    assert scores[:2] == [1.0, 1.0]
    assert scores[2] == pytest.approx(2 * 1 / (2 + 4))
    assert extract.score(PICKUP, "[]", []) == 1.0


@pytest.mark.parametrize(
    ("record", "pounds"),
    [
        ({"quantity": 3, "unit": "cases"}, 72.0),
        ({"quantity": 2.5, "unit": "lbs"}, 2.5),
        ({"quantity": 0, "unit": "lbs"}, 0.0),
        ({"quantity": 3, "unit": "each"}, None),
        ({"quantity": 3, "unit": "boxes"}, None),
        ({"quantity": 3}, None),
        ({"unit": "lbs"}, None),
        ({"quantity": None, "unit": "lbs"}, None),
        ({"quantity": True, "unit": "lbs"}, None),
        ({"quantity": "3", "unit": "lbs"}, None),
        ({"quantity": 3, "unit": ["lbs"]}, None),
        ({}, None),
    ],
)
def test_an_unknown_weight_stays_unknown(record: dict[str, Any], pounds: float | None) -> None:
    assert extract.weight_in_pounds(PICKUP, record) == pounds


def test_labels_count_the_records() -> None:
    counts = [extract.label_of(PICKUP, [{"item": "a"}] * amount) for amount in (0, 1, 2, 3, 9)]
    assert counts == ["0", "1", "2", "3 or more", "3 or more"]


def test_the_depth_counts_brackets_outside_texts_only() -> None:
    assert _json_answers.read_json(json.dumps({"a": "[" * 500})) == {"a": "[" * 500}
    deep = "[" * 33 + "]" * 33
    with pytest.raises(ValueError, match="deeper than 32"):
        _json_answers.read_json(deep)
    assert _json_answers.read_json(deep[1:-1]) is not None


def test_json_is_read_as_strictly_as_the_standard_says(test_data: Path) -> None:
    files = sorted((test_data / "malformed" / "jsontestsuite").glob("*.json"))
    assert len(files) > 100
    for file in files:
        raw = file.read_bytes()
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            continue  # a model's answer is text already
        try:
            _json_answers.read_json(text)
            is_read = True
        except ValueError:
            is_read = False
        if file.name.startswith("y_"):
            # A repeated key is allowed by the standard, but says two things at once.
            assert is_read or "duplicated_key" in file.name, file.name
        elif file.name.startswith("n_"):
            assert not is_read, file.name
