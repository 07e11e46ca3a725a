"""What a model thinks of answers: the same in any batch as one text at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hone.engine.answer import AnswerSpec
from hone.engine.load import BaseSpec, load_base
from hone.engine.samples import log_probability
from hone.engine.weighing import likelihood, weighed
from hone.rendering.continuations import Continuation, continuations
from hone.rendering.tokens import Renderer
from tests.engine.small import copy_rows, pair_rows
from tests.loop.test_state_space import make_base_of


def groups_of(base: Path, *, max_length: int = 512) -> list[list[Continuation]]:
    """Twelve questions with one, two or three answers of very different lengths."""
    asked = [
        (
            row["prompt"],
            [
                row["chosen"][0]["content"],
                row["rejected"][0]["content"] * (1 + number % 4),
                "no",
            ][: 1 + number % 3],
        )
        for number, row in enumerate(pair_rows(12))
    ]
    found = list(continuations(Renderer.load(base), asked, max_length=max_length))
    assert not any(one.problem for one in found)
    return [one.texts for one in found]


def told(base: Path, groups: list[list[Continuation]], batch_size: int) -> list[list[float]]:
    spec = AnswerSpec(BaseSpec(id="small", path=base), None, max_new_tokens=1, batch_size=1)
    batches = list(weighed(likelihood(spec), groups, batch_size))
    found = dict(pair for batch in batches for pair in batch)
    assert sum(map(len, batches)) == len(found) == len(groups)
    return [found[place] for place in range(len(groups))]


@pytest.mark.parametrize("kind", ["llama", "mamba", "mamba2"])
@pytest.mark.parametrize("batch_size", [1, 2, 7, 64])
def test_a_batch_gives_what_each_answer_gives_alone(
    kind: str, batch_size: int, small_base: Path, tmp_path: Path
) -> None:
    base = small_base if kind == "llama" else make_base_of(tmp_path / kind, kind)
    groups = groups_of(base)
    model = load_base(BaseSpec(id="small", path=base)).eval()
    for group, values in zip(groups, told(base, groups, batch_size), strict=True):
        with torch.no_grad():
            alone = [log_probability(model, one.prompt_ids, one.answer_ids, "cpu") for one in group]
        assert values == pytest.approx(alone, abs=2e-3)
        assert all(value < 0 for value in values)


def test_a_long_question_is_the_same_before_each_of_its_answers(small_base: Path) -> None:
    [row] = copy_rows(1, most_words=40)
    long = " ".join(["milk"] * 90)
    messages = [row["prompt"][0], {"role": "user", "content": long}]
    read = next(
        continuations(
            Renderer.load(small_base),
            [(messages, ["milk", " ".join(["milk"] * 12)])],
            max_length=150,
        )
    )
    assert not read.problem
    short, other = read.texts
    assert short.prompt_ids == other.prompt_ids and read.cut_tokens > 0
    assert len(other.prompt_ids) + len(other.answer_ids) <= 150


def test_an_answer_that_does_not_fit_is_told_with_its_reason(small_base: Path) -> None:
    messages = copy_rows(1)[0]["prompt"]
    read = next(
        continuations(
            Renderer.load(small_base), [(messages, ["milk", "milk " * 90])], max_length=40
        )
    )
    assert read.texts == [] and "the limit is 40" in read.problem
