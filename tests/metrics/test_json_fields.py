"""Field F1: what counts as right, as valid and as the same record."""

from __future__ import annotations

import itertools
import json
import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hone.errors import HoneError
from hone.metrics import json_fields
from hone.metrics._json_records import LARGEST_OPTIMAL, Record, match_records


def score(prediction: Any, reference: Any, **options: Any) -> float:
    prediction = prediction if isinstance(prediction, str) else json.dumps(prediction)
    reference = reference if isinstance(reference, str) else json.dumps(reference)
    scores = json_fields.run([prediction], [reference], json_fields.Options(**options))
    return scores.total


@pytest.mark.parametrize(
    ("prediction", "reference", "expected"),
    [
        ({"a": 1}, {"a": 1}, 1.0),
        ({"a": 1}, [{"a": 1}], 1.0),
        ({"a": 3}, {"a": 3.0}, 1.0),
        ({"a": "3"}, {"a": 3}, 0.0),
        ({"a": True}, {"a": 1}, 0.0),
        ({"a": ["boolean", 1]}, {"a": True}, 0.0),
        ({"a": [True]}, {"a": [1]}, 0.0),
        ({"a": "x  y\n"}, {"a": " x y"}, 1.0),
        ({"a": "X"}, {"a": "x"}, 0.0),
        ({"a": 1, "b": 2}, {"a": 1}, 2 / 3),
        ({"a": 1}, {"a": 1, "b": 2}, 2 / 3),
        ({"a": 2}, {"a": 1}, 0.0),
        ({"a": {"x": 1, "y": 2}}, {"a": {"y": 2, "x": 1.0}}, 1.0),
        ({"a": [1, 2]}, {"a": [2, 1]}, 0.0),
        ([], [], 1.0),
        ({}, [], 1.0),
        ([], [{"a": 1}], 0.0),
        ([{"a": 1}], [], 0.0),
        ({"a": 1, "b": None}, {"a": 1}, 1.0),
        ([{"a": 1}, {"b": 2}], [{"b": 2}, {"a": 1}], 1.0),
        ([{"a": 1}, {"a": 1}], [{"a": 1}], 2 / 3),
        ("nonsense", [], 0.0),
    ],
)
def test_field_f1(prediction: Any, reference: Any, expected: float) -> None:
    assert score(prediction, reference) == pytest.approx(expected)


def test_options_change_the_comparison() -> None:
    assert score({"a": "STRASSE"}, {"a": "straße"}, casefold=True) == 1.0
    assert score({"a": 1, "b": None}, {"a": 1}, null_is_absent=False) == pytest.approx(2 / 3)


def test_details_count_every_field() -> None:
    predictions = ['[{"item": "milk", "quantity": 3}]', '{"item": "eggs"}', "not json"]
    references = ['[{"item": "milk", "quantity": 4}]', '{"item": "eggs"}', '{"item": "flour"}']
    scores = json_fields.run(predictions, references)
    assert scores.per_example.tolist() == [0.5, 1.0, 0.0]
    assert scores.details == pytest.approx(
        {
            "valid": 2 / 3,
            "exact": 1 / 3,
            "precision": 2 / 3,
            "recall": 2 / 4,
            "f1": 4 / 7,
            "unexpected": 0.0,
            "field.item.precision": 1.0,
            "field.item.recall": 2 / 3,
            "field.item.f1": 4 / 5,
            "field.quantity.precision": 0.0,
            "field.quantity.recall": 0.0,
            "field.quantity.f1": 0.0,
        }
    )


def test_invented_field_names_are_counted_but_not_listed() -> None:
    predictions = [json.dumps({f"made_up_{i}": 1, "a": 1}) for i in range(50)]
    details = json_fields.run(predictions, ['{"a": 1}'] * 50).details
    assert details["unexpected"] == 50
    assert details["precision"] == 0.5
    assert [name for name in details if name.startswith("field.")] == [
        "field.a.precision",
        "field.a.recall",
        "field.a.f1",
    ]


HOSTILE = [
    "[" * 200_000,
    '{"a":' * 90_000,
    "[" * 50_000 + "]" * 50_000,
    '{"a": ' + "9" * 5_000 + "}",
    '{"a": NaN}',
    '{"a": -Infinity}',
    '{"a": 1, "a": 1}',
    '{"a": 1}]',
    '```json\n{"a": 1}\n```',
    '{"a": 1,}',
    "{'a': 1}",
    '"' + "\\" * 99_000,
    "\ufeff{}",
    "\0",
    "3",
    "null",
    '["a"]',
    "[{}, 1]",
    '{"a": "' + "x" * 100_000 + '"}',
    "[" + ",".join(["{}"] * 1_001) + "]",
    '{"a": ' + "[" * 33 + "]" * 33 + "}",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_invalid_and_quick(text: str) -> None:
    started = time.process_time()
    scores = json_fields.run([text], ['{"a": 1}'])
    assert time.process_time() - started < 2
    assert scores.details["valid"] == 0.0
    assert scores.total == 0.0


@pytest.mark.parametrize("text", ['{"a": "[[[[{{{{"}', '{"a": "\\"[\\\\"}', '{"a": 1e400}'])
def test_unusual_but_strict_json_is_valid(text: str) -> None:
    scores = json_fields.run([text], [text], json_fields.Options(max_depth=2))
    assert scores.details["valid"] == 1.0
    assert scores.total == 1.0


@settings(deadline=None, max_examples=200, derandomize=True)
@given(st.text(st.sampled_from('{}[]",:\\ntrue10.eE- \ud800\n'), max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    scores = json_fields.run([text], ['{"a": 1}'])
    assert 0.0 <= scores.total <= 1.0


def test_a_reference_that_is_no_json_is_refused_with_its_place() -> None:
    with pytest.raises(HoneError, match="Reference 1 is no JSON object"):
        json_fields.run(["{}", "{}"], ["{}", "[1]"])


def test_several_references_are_refused() -> None:
    for references in ([["{}", "{}"]], [["{}"]]):
        if len(references[0]) == 1:
            assert json_fields.run(["{}"], references).total == 1.0
        else:
            with pytest.raises(HoneError, match="one reference per prediction"):
                json_fields.run(["{}"], references)


def agreements(pairs: list[tuple[Record, Record]]) -> int:
    return sum(len(left & right) for left, right in pairs)


records = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 2)).map(
        lambda fields: frozenset(fields.items())
    ),
    max_size=5,
)


@settings(deadline=None, max_examples=300, derandomize=True)
@given(records, records)
def test_records_are_assigned_as_well_as_trying_every_order(
    left: list[Record], right: list[Record]
) -> None:
    short, long = sorted((left, right), key=len)
    best = max(
        agreements(list(zip(short, order, strict=True)))
        for order in itertools.permutations(long, len(short))
    )
    pairs = match_records(left, right)
    assert agreements(pairs) == best
    assert len(pairs) <= len(short)


def test_many_unequal_records_are_assigned_in_bounded_time() -> None:
    chance = random.Random(0)

    def some(amount: int) -> list[Record]:
        return [frozenset((name, chance.randint(0, 9)) for name in "abcdef") for _ in range(amount)]

    for amount in (LARGEST_OPTIMAL, 300):
        left, right = some(amount), some(amount)
        started = time.process_time()
        pairs = match_records(left, right)
        assert time.process_time() - started < 5
        assert agreements(pairs) > amount
        assert len(pairs) <= amount
