"""Packed rows on a card: `pytest -m gpu tests/gpu`, with flash_attn, or kernels and its kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from hone.errors import HoneError
from tests.engine.small import copy_rows, frozen, make_job, make_small_base


@pytest.mark.gpu
def test_a_packed_training_on_a_card_learns_as_a_padded_one(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    from hone.methods import sft

    # Heads of 32: the kernel takes sizes from 32 up.
    base = make_small_base(tmp_path / "base", hidden=128)
    losses = []
    for packing in (False, True):
        options = frozen(**{
            "training.packing": packing,
            "training.length_grouping": False,
            "training.dtype": "bfloat16",
            "training.max_steps": 8,
            "training.logging_steps": 1,
            "training.batch_size": 4,
            "lora.lora_dropout": 0.0,
        })  # fmt: skip
        place = tmp_path / f"train-{packing}"
        rows = (copy_rows(32), copy_rows(8, seed=1))
        folder = make_job(place, base, options=options, rows=rows, device="cuda")
        try:
            sft.run(folder)
        except HoneError as error:
            if packing and "flash" in error.message:
                pytest.skip(f"no kernel for packed rows here: {error.message}")
            raise
        metrics = [event.model_extra or {} for event in folder.events() if event.type == "metric"]
        losses.append([one["values"]["loss"] for one in metrics if "loss" in one["values"]])
    padded, packed = losses
    assert len(padded) == len(packed) >= 8
    # bf16 keeps three digits, and both attentions add up in another order.
    assert packed == pytest.approx(padded, rel=0.02)
