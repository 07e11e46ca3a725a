"""Answers: greedy, stopped by the template's stops, the same in any batch."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from hone.engine.answer import Answering, AnswerSpec
from hone.engine.generate import Limits, answers
from hone.engine.load import BaseSpec, load_base
from hone.engine.lora import add_adapter, with_adapter
from hone.engine.weights import write_weights
from hone.generators._answers import Answer
from hone.rendering.tokens import Renderer
from hone.shelf import load
from tests.engine.small import copy_rows


@pytest.fixture(scope="module")
def lively(small_base: Path):
    """A model whose random weights are large enough that answers differ."""
    model = load_base(BaseSpec(id="small", path=small_base))
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(3)
    return model


@pytest.fixture(scope="module")
def prompts(small_base: Path):
    renderer = Renderer.load(small_base)
    return list(renderer.prompts(row["prompt"] for row in copy_rows(25)))


def answered(model, prompts, limits: Limits) -> list:
    found = dict(
        pair for batch in answers(model, [p.ids for p in prompts], limits) for pair in batch
    )
    return [found[place] for place in range(len(prompts))]


def test_one_by_one_and_in_batches_give_the_same_answers(lively, prompts) -> None:
    alone = answered(lively, prompts, Limits((3,), 12, 1))
    for batch_size in (2, 7, 25):
        together = answered(lively, prompts, Limits((3,), 12, batch_size))
        assert [one.ids for one in together] == [one.ids for one in alone]
        for one, other in zip(together, alone, strict=True):
            assert one.logprob == pytest.approx(other.logprob, abs=1e-4)


def test_the_answers_are_those_of_the_library(lively, prompts) -> None:
    ours = answered(lively, prompts[:6], Limits((3,), 12, 6))
    for prompt, one in zip(prompts, ours, strict=False):
        ids = torch.tensor([prompt.ids])
        whole = lively.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=12,
            eos_token_id=3, pad_token_id=0,
        )  # fmt: skip
        theirs = whole[0, len(prompt.ids) :].tolist()
        assert one.ids == [token for token in theirs if token not in (3, 0)][: len(one.ids)]
        assert one.is_complete == (3 in theirs)


def test_a_stop_ends_an_answer_and_is_not_part_of_it(lively, prompts) -> None:
    free = answered(lively, prompts, Limits((), 10, 8))
    assert all(len(one.ids) == 10 and not one.is_complete for one in free)
    stop = free[0].ids[4]
    first = free[0].ids.index(stop)
    stopped = answered(lively, prompts, Limits((stop,), 10, 8))
    assert stopped[0].ids == free[0].ids[:first]
    assert stopped[0].is_complete
    for one, other in zip(stopped, free, strict=True):
        assert stop not in one.ids
        assert one.ids == other.ids[: len(one.ids)]


def test_the_confidence_is_the_mean_of_the_tokens_log_probabilities(lively, prompts) -> None:
    one = answered(lively, prompts[:1], Limits((), 5, 1))[0]
    ids = torch.tensor([prompts[0].ids + one.ids])
    logits = lively(ids).logits.detach()[0, len(prompts[0].ids) - 1 : -1].log_softmax(-1)
    wanted = logits.gather(1, torch.tensor(one.ids)[:, None]).mean()
    assert one.logprob == pytest.approx(float(wanted), abs=1e-4)


def test_a_merged_adapter_answers_as_the_adapter_does(
    small_base: Path, tmp_path: Path, prompts
) -> None:
    torch.manual_seed(1)
    adapted = add_adapter(
        load_base(BaseSpec(id="small", path=small_base)),
        r=4, lora_alpha=64, lora_dropout=0.0, target_modules="auto",
    )  # fmt: skip
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.5)
    write_weights(adapted, tmp_path, "small")
    base = BaseSpec(id="small", path=small_base)
    merged = Answering(AnswerSpec(base, tmp_path, max_new_tokens=8, batch_size=8))
    assert not any("lora" in name for name, _ in merged.model.named_parameters())
    limits = Limits(Renderer.load(small_base).stop_ids, 8, 8)
    apart = answered(with_adapter(load_base(base), tmp_path), prompts, limits)
    together = answered(merged.model, prompts, limits)
    plain = answered(load_base(base), prompts, limits)
    assert [one.ids for one in together] == [one.ids for one in apart]
    assert [one.ids for one in together] != [one.ids for one in plain]


def test_the_generator_gives_every_prompt_one_answer(small_base: Path, prompts) -> None:
    generator = load("generators", "model")
    options = generator.Options(base=small_base, max_new_tokens=6, batch_size=4)
    found = [pair for batch in generator.run(prompts, options) for pair in batch]
    assert sorted(place for place, _ in found) == list(range(len(prompts)))
    for _, answer in found:
        assert isinstance(answer, Answer)
        assert answer.text == answer.text.strip()
        assert answer.logprob is not None and 0 < math.exp(answer.logprob) <= 1


def test_drawing_follows_the_probabilities_and_the_random_state(lively, prompts) -> None:
    prompt, asked = prompts[0].ids, [prompts[0]] * 400
    torch.manual_seed(0)
    first = answered(lively, asked, Limits((), 1, 400, temperature=2.0))
    torch.manual_seed(0)
    again = answered(lively, asked, Limits((), 1, 400, temperature=2.0))
    assert [one.ids for one in first] == [one.ids for one in again]
    with torch.no_grad():
        wanted = (lively(input_ids=torch.tensor([prompt])).logits[0, -1] / 2).softmax(-1)
    likeliest = int(wanted.argmax())
    share = sum(one.ids == [likeliest] for one in first) / 400
    expected = float(wanted[likeliest])
    assert abs(share - expected) < 4 * (expected * (1 - expected) / 400) ** 0.5
