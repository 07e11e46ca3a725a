"""Pairs that several processes share get the same scores, bit by bit, and nothing stays behind."""

from __future__ import annotations

import json
import random
from types import ModuleType

import psutil
import pytest

from hone.errors import InvalidInput
from hone.metrics import _sharing
from hone.metrics.together import run_together
from hone.shelf import load, names

WORDS = "the a candle burns at the harbour while nobody looks 12.5 it's".split()


def texts(amount: int, seed: int) -> list[str]:
    dice = random.Random(seed)
    return [" ".join(dice.choices(WORDS, k=dice.randint(0, 12))) for _ in range(amount)]


def labels(amount: int, seed: int) -> list[str]:
    dice = random.Random(seed)
    found = [json.dumps({"a": dice.randint(0, 10), "b": dice.random() * 10}) for _ in range(amount)]
    return ["no JSON" if dice.random() < 0.1 and seed else one for one in found]


def pairs(name: str, amount: int) -> tuple[list[str], list[str]]:
    made = labels if name in ("json_fields", "regression") else texts
    return made(amount, 1), made(amount, 0)


@pytest.mark.parametrize("name", names("metrics"))
@pytest.mark.parametrize("amount", [1, 2, 1001])
def test_shared_pairs_get_the_scores_of_one_process(name: str, amount: int) -> None:
    module: ModuleType = load("metrics", name)
    said, right = pairs(name, amount)
    alone = run_together(said, right, {name: module.Options()}, processes=1)[name]
    shared = run_together(said, right, {name: module.Options()}, processes=3)[name]
    assert shared.per_example.tolist() == alone.per_example.tolist()
    assert (shared.total, dict(shared.details)) == (alone.total, dict(alone.details))


def test_several_references_are_shared_with_their_predictions() -> None:
    said, right = pairs("rouge", 40)
    several = [[one, "a candle"] for one in right]
    wanted = {"token_f1": None, "bleu": None}
    alone, shared = (run_together(said, several, wanted, processes=n) for n in (1, 2))
    for name in wanted:
        assert shared[name].per_example.tolist() == alone[name].per_example.tolist()


def test_bad_pairs_are_refused_before_a_process_is_begun() -> None:
    before = len(psutil.Process().children())
    with pytest.raises(InvalidInput, match="1 predictions but 2 references"):
        run_together(["a"], ["a", "b"], {"bleu": None}, processes=2)
    assert len(psutil.Process().children()) == before


def test_no_process_is_left_behind_when_one_ends_badly() -> None:
    # A metric that the other process does not know: its scorer cannot be found there.
    with pytest.raises(RuntimeError, match="ended with code 1"):
        part = _sharing._Part(["a"], ["a"], {"nonsense": None}, slice(0, 1))
        try:
            part.result()
        finally:
            part.end()
    assert not [one for one in psutil.Process().children() if "_sharing" in " ".join(one.cmdline())]
