"""Weights to disk: an adapter or a whole model, safetensors only, the same bytes each time."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from peft import PeftModel
from torch import nn

from hone.engine import checkpoints
from hone.engine.load import TOKENIZER_FILES
from hone.engine.lora import write_adapter_config
from hone.workspace.files import write_json

RESUME_ONLY = {
    checkpoints.MANIFEST,
    "optimizer.pt",
    "scheduler.pt",
    "scaler.pt",
    "rollouts.pt",
    "trainer_state.json",
}
# rng_state.pth; where there are several processes rng_state_0.pth, shard_0.pt and so on
OF_EACH_PROCESS = ("rng_state", "shard_")


def write_weights(
    model: nn.Module, folder: Path, base_id: str, weights: dict[str, Any] | None = None
) -> None:
    """adapter_model.safetensors and adapter_config.json, or model.safetensors and config.json.

    `weights` are given where no process holds the model whole.
    """
    given: dict[str, Any] = {} if weights is None else {"state_dict": weights}
    saver: Any = model
    if isinstance(model, PeftModel):
        # The page about the adapter that PEFT writes is not kept: setting its text takes longer
        # than a small adapter's weights.
        saver.create_or_update_model_card = _without_page
        # PEFT would ask the hub whether the base's embeddings have grown; ours never do.
        # A copy of the adapter that serves as reference is no part of the model.
        saver.save_pretrained(
            str(folder), save_embedding_layers=False, selected_adapters=["default"], **given
        )
        write_adapter_config(folder, base_id)
    else:
        saver.save_pretrained(str(folder), **given)


def _without_page(folder: str) -> None:
    """Stands for PEFT's own way to write one."""


def resume_bytes(model: nn.Module) -> int:
    """What one checkpoint takes: the saved weights and AdamW's two fp32 moments of each."""
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    saved = trained if isinstance(model, PeftModel) else list(model.parameters())
    weights = sum(weight.numel() * weight.element_size() for weight in saved)
    return weights + sum(weight.numel() * 8 for weight in trained)


def copy_tokenizer(base: Path, folder: Path) -> None:
    """Tokenizer and template beside the weights, byte for byte the base's."""
    for name in TOKENIZER_FILES:
        if (base / name).is_file():
            shutil.copyfile(base / name, folder / name)


def export(source: Path, final: Path, *, base: Path, about: dict[str, Any]) -> None:
    """Make final/ from a checkpoint: weights, tokenizer and hone.json, moved in whole."""

    def write_files(folder: Path) -> None:
        for path in sorted(source.iterdir()):
            if path.name not in RESUME_ONLY and not path.name.startswith(OF_EACH_PROCESS):
                shutil.copyfile(path, folder / path.name)
        copy_tokenizer(base, folder)
        write_json(folder / "hone.json", about)

    checkpoints.write(final, write_files)
    (final / checkpoints.MANIFEST).unlink()
