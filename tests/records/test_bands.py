"""The colour of a score: bounds as promised, others by the settings."""

from __future__ import annotations

import pytest

from hone.records.evaluation import Bands, band_of


@pytest.mark.parametrize(
    ("score", "band"),
    [
        (0.0, "red"),
        (0.399, "red"),
        (0.4, "orange"),
        (0.599, "orange"),
        (0.6, "yellow"),
        (0.8, "yellow"),
        (0.801, "green"),
        (1.0, "green"),
    ],
)
def test_each_bound_belongs_to_its_colour(score: float, band: str) -> None:
    assert band_of(score) == band


def test_other_bounds_move_the_colours() -> None:
    strict = Bands(0.5, 0.8, 0.95)
    assert [band_of(score, strict) for score in (0.45, 0.7, 0.9, 0.96)] == [
        "red", "orange", "yellow", "green",
    ]  # fmt: skip
