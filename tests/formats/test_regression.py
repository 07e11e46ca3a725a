"""Scores as rows: labels in the order of the task, and every bad one named."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hone.errors import InvalidInput
from hone.formats import regression
from hone.formats._made import Made
from hone.records.example import Example
from hone.records.review import Reviewed
from tests.formats.made import SCORE


def run(labels: Any, status: str = "accepted", **options: Any) -> Made:
    example = Example.model_validate(
        {
            "id": "a1",
            "task": "news",
            "input": {"title": "Solar", "content": "Panels for all."},
            "output": {"labels": labels},
            "fingerprint": "f",
            "status": status,
        }
    )
    return regression.run(SCORE, Reviewed(example), regression.Options(**options))


def test_labels_stand_in_the_order_of_the_task() -> None:
    assert run({"progress": 7.5, "agency": 3}, "edited", edited_weight=3).rows == [
        {
            "id": "a1",
            "title": "Solar",
            "content": "Panels for all.",
            "text": "Solar\n\nPanels for all.",
            "labels": [3.0, 7.5],
            "dimension_names": ["agency", "progress"],
            "weight": 3,
        }
    ]


def test_the_manifest_keeps_dimensions_and_scale() -> None:
    facts = regression.facts(SCORE, regression.Options())
    assert facts == {"dimensions": ["agency", "progress"], "scale": [0, 10]}
    with pytest.raises(InvalidInput, match="names no dimensions") as caught:
        bare = SCORE.model_copy(update={"dimensions": []})
        regression.facts(bare, regression.Options())
    assert "tasks/news.yaml" in caught.value.hint


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"agency": math.nan, "progress": math.inf}, ["agency", "nan", "progress", "inf"]),
        ({"agency": 3}, ["progress is missing"]),
        ({"agency": 3, "progress": "7"}, ["progress must be a number, not text ('7')"]),
        ({"agency": True, "progress": 11}, ["agency must be a number", "from 0 to 10, not 11"]),
        ({"agency": 3, "progress": 4, "hope": 5}, ["unknown field 'hope'"]),
        ([3.0, 4.0], ["must be an object with named fields, not a list"]),
    ],
)
def test_every_bad_label_is_named_at_once(labels: Any, said: list[str]) -> None:
    made = run(labels)
    assert not made.rows
    [why] = made.refused
    assert why.reason == "invalid"
    assert all(piece in why.detail for piece in said), why.detail


@given(
    st.fixed_dictionaries(
        {name: st.floats(allow_nan=True, allow_infinity=True) for name in SCORE.dimensions}
    )
)
def test_a_row_never_holds_a_number_off_the_scale(labels: dict[str, float]) -> None:
    made = run(labels)
    good = all(0 <= value <= 10 for value in labels.values())
    assert [list(row["labels"]) for row in made.rows] == (
        [[labels["agency"], labels["progress"]]] if good else []
    )
    assert bool(made.refused) != good
