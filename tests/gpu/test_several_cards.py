"""Training on several NVIDIA cards, DDP and FSDP2 (`pytest -m gpu`); never run so far."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.engine.small import make_small_base
from tests.loop.kills import run_to_end, traces
from tests.loop.several import losses, several_job

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two NVIDIA cards"),
]
TOLERANCE = 1e-3
"""Of a loss, relative: kernels on cards add up in no fixed order."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small_base(tmp_path_factory.mktemp("base") / "small")


@pytest.mark.parametrize("sharding", ["ddp", "fsdp2"])
def test_two_cards_follow_the_curve_of_one_and_keep_whole_weights(
    tmp_path: Path, base: Path, sharding: str
) -> None:
    changes = {"lora.lora_dropout": 0.0}
    one = several_job(tmp_path / "one", base, 1, device="cuda", **changes)
    two = several_job(tmp_path / "two", base, 2, device="cuda", sharding=sharding, **changes)
    for folder in (one, two):
        assert run_to_end(folder) == 0, folder.log.read_text()[-3000:]
    mine, theirs = losses(one), losses(two)
    assert theirs == pytest.approx(mine, rel=TOLERANCE)
    assert traces(two).keys() >= {"final/adapter_model.safetensors"}
    sizes = [(folder.final / "adapter_model.safetensors").stat().st_size for folder in (one, two)]
    assert sizes[0] == sizes[1]
