"""An adapted layer as one operation gives what PEFT's own gives, and draws dropout as it should."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from peft.tuners.lora import Linear
from torch import nn

from hone.engine.adapted_linear import AdaptedLinear, drawn, quicken
from hone.engine.load import BaseSpec, load_base
from hone.engine.lora import add_adapter
from tests.engine.small import make_small_base


def adapted(base: Path, **changes: object) -> Any:
    """The small base with an adapter whose second matrices are not zero, as after some steps."""
    usual = {"r": 4, "lora_alpha": 8, "lora_dropout": 0.0, "target_modules": "auto"}
    asked: dict[str, Any] = usual | changes
    torch.manual_seed(1)
    model = add_adapter(load_base(BaseSpec(id="small", path=base)), **asked)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            nn.init.normal_(weight, std=0.1)
    return model.train()


def gradients(model: Any) -> tuple[float, dict[str, torch.Tensor]]:
    ids = torch.arange(40).view(2, 20) % 50
    found = model(input_ids=ids, labels=ids, use_cache=False)
    found.loss.backward()
    named = {name: w.grad for name, w in model.named_parameters() if w.grad is not None}
    return float(found.loss.detach()), named


@pytest.mark.parametrize("use_rslora", [False, True])
def test_loss_and_gradients_are_those_of_the_composed_layer(
    small_base: Path, use_rslora: bool
) -> None:
    loss, expected = gradients(adapted(small_base, use_rslora=use_rslora))
    model = adapted(small_base, use_rslora=use_rslora)
    assert quicken(model) == 14
    ours, found = gradients(model)
    assert ours == pytest.approx(loss, rel=1e-6)
    assert found.keys() == expected.keys()
    for name, one in found.items():
        torch.testing.assert_close(one, expected[name], rtol=1e-4, atol=1e-7)


def test_what_dropout_takes_away_is_taken_in_both_directions() -> None:
    torch.manual_seed(3)
    layer = _layer(dropout=0.3)
    twin = _layer(dropout=0.0)
    twin.load_state_dict(layer.state_dict())
    quicken(nn.ModuleList([layer]))
    assert isinstance(layer, AdaptedLinear)
    x = torch.randn(5, 7, 24, requires_grad=True)
    torch.manual_seed(9)
    out = layer(x)
    torch.manual_seed(9)
    kept = torch.ones(x.numel())
    kept[drawn(x.numel(), 0.3)] = 0
    assert 0 < int((kept == 0).sum()) < x.numel()
    a, b = twin.lora_A["default"].weight, twin.lora_B["default"].weight
    other = x.detach().clone().requires_grad_()
    dropped = other * kept.view_as(x) / 0.7
    expected = twin.get_base_layer()(other) + 2.0 * (dropped @ a.t() @ b.t())
    torch.testing.assert_close(out, expected)
    pull = torch.randn_like(out)
    out.backward(pull)
    expected.backward(pull)
    torch.testing.assert_close(x.grad, other.grad)
    for part in ("lora_A", "lora_B"):
        ours, theirs = (getattr(one, part)["default"].weight.grad for one in (layer, twin))
        torch.testing.assert_close(ours, theirs)


def test_answers_are_given_by_the_composed_layer_bit_for_bit(small_base: Path) -> None:
    model, twin = (adapted(small_base, lora_dropout=0.5).eval() for _ in range(2))
    quicken(model)
    ids = torch.arange(30).view(1, 30)
    with torch.no_grad():
        assert torch.equal(model(input_ids=ids).logits, twin(input_ids=ids).logits)
        model.train()
        with model.disable_adapter():
            bare = model(input_ids=ids).logits
        with twin.disable_adapter():
            assert torch.equal(bare, twin(input_ids=ids).logits)


def test_the_weights_keep_their_names_and_merge(small_base: Path) -> None:
    model = adapted(small_base)
    before = {name: w.clone() for name, w in model.state_dict().items()}
    quicken(model)
    after = model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(one, after[name]) for name, one in before.items())
    ids = torch.arange(30).view(1, 30)
    with torch.no_grad():
        expected = model.eval()(input_ids=ids).logits
        merged = model.merge_and_unload()(input_ids=ids).logits
    torch.testing.assert_close(merged, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("change", ["dora", "bfloat16", "trained base", "bias", "conv1d"])
def test_what_is_not_plain_is_left_to_peft(small_base: Path, change: str) -> None:
    if change == "dora":
        layer: Any = adapted(small_base, use_dora=True)
    else:
        layer = _layer(bias=change == "bias", conv=change == "conv1d")
        if change == "bfloat16":
            layer.to(torch.bfloat16)
        if change == "trained base":
            layer.get_base_layer().weight.requires_grad_()
    assert quicken(nn.ModuleList([layer])) == 0
    assert not any(isinstance(one, AdaptedLinear) for one in layer.modules())


@pytest.mark.parametrize("share", [0.05, 0.19, 0.5])
def test_each_input_is_dropped_with_its_probability_alone(share: float) -> None:
    torch.manual_seed(5)
    count, rounds = 400, 2000
    hits = torch.zeros(count)
    pairs = 0
    for _ in range(rounds):
        found = drawn(count, share)
        assert bool((found[1:] > found[:-1]).all())
        hits[found] += 1
        pairs += int((found[1:] - found[:-1] == 1).sum())
    deviation = (share * (1 - share) / rounds) ** 0.5
    assert float((hits / rounds - share).abs().max()) < 4.5 * deviation
    assert float(hits.mean() / rounds) == pytest.approx(share, abs=5 * deviation / count**0.5)
    neighbours = pairs / rounds / (count - 1)
    assert neighbours == pytest.approx(share**2, rel=0.06)


@pytest.mark.parametrize("share", [1e-12, 1e-300])
def test_a_share_of_almost_nothing_drops_nothing(share: float) -> None:
    assert not len(drawn(1000, share))


def test_the_same_state_draws_the_same(tmp_path: Path) -> None:
    torch.manual_seed(2)
    state = torch.random.get_rng_state()
    first = drawn(5000, 0.05)
    torch.random.set_rng_state(state)
    assert torch.equal(drawn(5000, 0.05), first)
    assert not torch.equal(drawn(5000, 0.05), first)


def _layer(*, dropout: float = 0.0, bias: bool = False, conv: bool = False) -> Any:
    from peft import LoraConfig
    from transformers.pytorch_utils import Conv1D

    config = LoraConfig(r=3, lora_alpha=6, lora_dropout=dropout, lora_bias=bias)
    config.fan_in_fan_out = conv
    inner = Conv1D(16, 24) if conv else nn.Linear(24, 16)
    inner.requires_grad_(False)
    layer: Any = Linear(inner, "default", config=config, r=3, lora_alpha=6)
    nn.init.normal_(layer.lora_B["default"].weight)
    return layer.train()


def test_the_small_base_is_the_one_that_is_meant(tmp_path: Path) -> None:
    assert quicken(adapted(make_small_base(tmp_path, layers=1))) == 7
