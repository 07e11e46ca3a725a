"""Kinds of adapters: each trains, resumes to the same bits, and answers the same when read back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from hone.engine.generate import Limits, answers
from hone.engine.load import BaseSpec, load_base
from hone.engine.lora import add_adapter, with_adapter
from hone.engine.weights import write_weights
from hone.errors import InvalidInput
from tests.engine.small import copy_rows, frozen, make_job, make_small_base
from tests.loop.kills import traces
from tests.loop.test_methods import CHANGES, carried_out, cut_back

pytestmark = pytest.mark.loop
KINDS = ("use_dora", "use_rslora")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small_base(tmp_path_factory.mktemp("base") / "small")


@pytest.mark.parametrize("kind", KINDS)
def test_it_trains_and_resumes_to_the_same_bits(kind: str, tmp_path: Path, base: Path) -> None:
    straight = make_job(
        tmp_path / "straight",
        base,
        options=frozen(**{**CHANGES, f"lora.{kind}": True}),
        rows=(copy_rows(22), copy_rows(4, seed=1, most_words=2)),
    )
    carried_out(straight)
    config = json.loads((straight.final / "adapter_config.json").read_text())
    assert config[kind] is True
    names = load_file(straight.final / "adapter_model.safetensors")
    assert any("magnitude" in name for name in names) == (kind == "use_dora")
    resumed = cut_back(straight, tmp_path / "resumed", step=4)
    carried_out(resumed)
    assert traces(resumed) == traces(straight)


@pytest.mark.parametrize("kind", KINDS)
def test_it_answers_the_same_when_read_back_and_merged(
    kind: str, tmp_path: Path, base: Path
) -> None:
    spec = BaseSpec(id="small", path=base)
    torch.manual_seed(0)
    model = add_adapter(
        load_base(spec),
        r=4,
        lora_alpha=8,
        lora_dropout=0.0,
        target_modules="auto",
        **{kind: True},
    )
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.requires_grad:
                # The size of each output stays near its own; everything else is drawn anew.
                drawn = torch.randn_like(weight)
                weight.copy_(weight * (1 + 0.2 * drawn) if "magnitude" in name else drawn * 0.3)
    prompts = [[5, 6, 7], [8, 9, 10, 11, 12], [13, 14]]

    def said(one: torch.nn.Module) -> list[list[int]]:
        found = dict(pair for batch in answers(one, prompts, Limits((), 8, 3)) for pair in batch)
        return [found[place].ids for place in range(3)]

    in_memory = said(model)
    write_weights(model, tmp_path, "small")
    back = with_adapter(load_base(spec), tmp_path)
    assert said(back) == in_memory
    assert said(back.merge_and_unload()) == in_memory


def test_four_bits_are_refused_without_a_card(tmp_path: Path, base: Path) -> None:
    folder = make_job(tmp_path / "train", base, options=frozen(**{"lora.load_in_4bit": True}))
    with pytest.raises(InvalidInput, match="needs an NVIDIA card, and this run is on cpu"):
        carried_out(folder)


@pytest.mark.gpu
def test_on_a_card_four_bits_train_and_resume(tmp_path: Path) -> None:
    large = make_small_base(tmp_path / "small", hidden=256)
    folder = make_job(
        tmp_path / "train",
        large,
        options=frozen(**{**CHANGES, "lora.load_in_4bit": True, "training.dtype": "bfloat16"}),
        rows=(copy_rows(22), copy_rows(4, seed=1, most_words=2)),
        device="cuda",
    )
    straight = carried_out(folder)["train_loss"]
    assert (folder.final / "adapter_model.safetensors").is_file()
    resumed = cut_back(folder, tmp_path / "resumed", step=4)
    assert carried_out(resumed)["train_loss"] == pytest.approx(straight, rel=0.05)
