"""The contract of the metrics shelf, over every choice on it."""

from __future__ import annotations

import json
import random
from types import ModuleType

import numpy as np
import pytest

from hone.metrics._scores import Scores
from hone.metrics.together import run_together
from hone.shelf import load, names

PROSE = [
    "Man's chief end is to glorify God.",
    "It is 12.5 per cent, or so; nobody knows!",
    "Three cases of ripe bananas stand at the back door of the market",
    "one two three four five six seven",
    "ab cd ef gh",
]
RECORDS = [
    json.dumps([{"item": "bananas", "quantity": 3, "unit": "cases"}]),
    json.dumps([{"item": "milk", "quantity": 12.5}, {"item": "eggs", "location": "back door"}]),
    json.dumps({"item": "bread", "is_fresh": True}),
    json.dumps([{"item": "apples"}]),
    json.dumps({"item": "flour", "quantity": 40, "unit": "lbs"}),
]
LABELS = [json.dumps({"a": a, "b": b}) for a, b in ((0, 10), (10, 0), (0, 10), (10, 0), (5, 5))]
OF_JSON = {"json_fields": RECORDS, "regression": LABELS}
CHOICES = names("metrics")


def examples_for(name: str) -> list[str]:
    return OF_JSON.get(name, PROSE)


@pytest.fixture(params=CHOICES)
def named(request: pytest.FixtureRequest) -> tuple[str, ModuleType]:
    return request.param, load("metrics", request.param)


def test_a_perfect_prediction_scores_one(named: tuple[str, ModuleType]) -> None:
    name, metric = named
    texts = examples_for(name)
    scores = metric.run(texts, texts, metric.Options())
    np.testing.assert_allclose(scores.per_example, 1.0, rtol=0, atol=1e-12)
    assert scores.total == pytest.approx(1.0, abs=1e-12)


def test_an_empty_prediction_scores_nothing(named: tuple[str, ModuleType]) -> None:
    name, metric = named
    texts = examples_for(name)
    scores = metric.run([""] * len(texts), texts, metric.Options())
    assert scores.per_example.tolist() == [0.0] * len(texts)
    assert scores.total == 0.0


def test_a_wrong_prediction_scores_less_than_a_right_one(named: tuple[str, ModuleType]) -> None:
    name, metric = named
    texts = examples_for(name)
    turned = texts[1:] + texts[:1]
    assert metric.run(turned, texts, metric.Options()).total < 0.5


def test_scores_have_the_promised_shape(named: tuple[str, ModuleType]) -> None:
    name, metric = named
    texts = examples_for(name)
    scores = metric.run(texts[::-1], texts, metric.Options())
    assert isinstance(scores, Scores)
    assert scores.name == name
    assert scores.per_example.shape == (len(texts),)
    assert scores.per_example.dtype == np.float64
    assert ((scores.per_example >= 0) & (scores.per_example <= 1)).all()
    assert 0.0 <= scores.total <= 1.0
    assert all(isinstance(value, float) for value in [scores.total, *scores.details.values()])


def test_the_order_of_examples_changes_nothing(named: tuple[str, ModuleType]) -> None:
    name, metric = named
    texts = examples_for(name) * 40
    predictions = random.Random(0).sample(texts, len(texts))
    order = random.Random(1).sample(range(len(texts)), len(texts))
    straight = metric.run(predictions, texts, metric.Options())
    shuffled = metric.run(
        [predictions[i] for i in order], [texts[i] for i in order], metric.Options()
    )
    assert shuffled.per_example.tolist() == straight.per_example[order].tolist()
    assert shuffled.total == pytest.approx(straight.total, abs=1e-12)


def test_the_same_call_gives_the_same_scores(named: tuple[str, ModuleType]) -> None:
    name, metric = named
    texts = examples_for(name)
    first, second = (metric.run(texts[::-1], texts, metric.Options()) for _ in range(2))
    assert first.per_example.tolist() == second.per_example.tolist()
    assert (first.total, first.details) == (second.total, second.details)


def test_the_walk_of_several_metrics_gives_the_same(named: tuple[str, ModuleType]) -> None:
    name, metric = named
    texts = examples_for(name)
    alone = metric.run(texts[::-1], texts, metric.Options())
    together = run_together(texts[::-1], texts, {name: None, "exact_match": None})
    assert together[name].per_example.tolist() == alone.per_example.tolist()
    assert together[name].details == alone.details
