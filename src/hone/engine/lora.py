"""Low-rank adapters: which layers get one, read from the model itself and never guessed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from peft import LoraConfig, PeftModel, get_peft_model
from safetensors import SafetensorError
from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from hone.engine.quiet import quiet
from hone.errors import HoneError, InvalidInput, nearest
from hone.workspace.files import write_json

# Their kernels, where installed, multiply by the weights of these layers themselves: an adapter
# around one would be trained on one machine and passed over on another. PEFT refuses out_proj too.
FUSED_FAMILIES = frozenset({"falcon_h1", "falcon_mamba", "mamba", "mamba2", "nemotron_h"})
FUSED_LAYERS = frozenset({"x_proj", "out_proj"})
# Read as a bare matrix by every state-space layer of transformers.
BARE_LAYERS = frozenset({"dt_proj"})


def add_adapter(
    model: PreTrainedModel,
    *,
    r: int,
    lora_alpha: int,
    lora_dropout: float,
    target_modules: str | list[str],
    **kinds: Any,
) -> PeftModel:
    """The model with a fresh adapter; only the adapter's weights are trained.

    `kinds`: use_dora (Liu et al. 2024, arXiv:2402.09353), use_rslora (Kalajdzievski 2023,
    arXiv:2312.03732). The adapter's first matrices come from torch's random state, so seed before.
    """
    config = LoraConfig(
        r=r,
        lora_alpha=lora_alpha,
        lora_dropout=lora_dropout,
        target_modules=target_names(model, target_modules),
        # A head of scores is new: PEFT trains it whole and keeps it beside the adapter.
        task_type="SEQ_CLS" if model.get_output_embeddings() is None else "CAUSAL_LM",
        fan_in_fan_out=any(isinstance(layer, Conv1D) for layer in _linear_layers(model).values()),
        **kinds,
    )
    with quiet():
        return _as_peft(get_peft_model(model, config))


def go_on_with(model: PreTrainedModel, folder: Path) -> PeftModel:
    """The model with an adapter that was trained before, ready to learn more."""
    return _loaded(model, folder, is_trainable=True)


def with_adapter(model: PreTrainedModel, folder: Path) -> PeftModel:
    """The model with a trained adapter, for answering."""
    return _loaded(model, folder, is_trainable=False)


def target_names(model: PreTrainedModel, wanted: str | list[str]) -> list[str]:
    """The shortest names that mean exactly the wanted linear layers.

    "auto" and "all-linear": every linear layer but the output head. A list: each name must be
    the end of a layer's real name; InvalidInput names the nearest otherwise.
    """
    layers = _linear_layers(model)
    ends = {name.rpartition(".")[2] for name in layers}
    if wanted in ("auto", "all-linear"):
        excluded = {name.rpartition(".")[2] for name in _other_modules(model, set(layers))}
        # A short name must not also mean a module that is no target, such as the head.
        return sorted(end for end in ends - excluded) + sorted(
            name for name in layers if name.rpartition(".")[2] in excluded
        )
    asked = [wanted] if isinstance(wanted, str) else wanted
    known = set(_linear_layers(model, with_bypassed=True))
    problems = [
        f'"{one}" is multiplied without asking the layer, so an adapter there would learn nothing.'
        if _means(one, known)
        else f'"{one}" names no linear layer. {nearest(one, ends)}'
        for one in asked
        if not _means(one, layers)
    ]
    if problems:
        raise InvalidInput(
            f"lora.target_modules does not fit this base: {' '.join(problems)}",
            hint="--set lora.target_modules=auto",
            problems=problems,
        )
    return sorted(asked)


def write_adapter_config(folder: Path, base_id: str) -> None:
    """Rewrite adapter_config.json with sorted lists and keys and the base's public name.

    PEFT keeps `target_modules` as a set, whose order differs between processes.
    """
    path = folder / "adapter_config.json"
    config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = base_id
    if isinstance(config.get("target_modules"), list):
        config["target_modules"] = sorted(config["target_modules"])
    write_json(path, dict(sorted(config.items())))


def _loaded(model: PreTrainedModel, folder: Path, *, is_trainable: bool) -> PeftModel:
    if not (folder / "adapter_model.safetensors").is_file():
        raise HoneError(
            f"There is no adapter_model.safetensors in {folder}.",
            hint="Other formats can run code when they are read and are not loaded; "
            "convert the adapter to safetensors.",
        )
    try:
        with quiet():
            adapted = PeftModel.from_pretrained(model, str(folder), is_trainable=is_trainable)
    except (ValueError, RuntimeError, KeyError, TypeError, SafetensorError) as error:
        first = str(error).strip().splitlines()[0]
        raise HoneError(
            f"The adapter in {folder} does not fit this base: {first}",
            hint="An adapter only fits the base that it was trained on; hone models list",
        ) from error
    return _as_peft(adapted)


def _as_peft(model: Any) -> PeftModel:
    assert isinstance(model, PeftModel)
    return model


def _means(asked: str, layers: Iterable[str]) -> bool:
    return any(name == asked or name.endswith(f".{asked}") for name in layers)


def _linear_layers(model: PreTrainedModel, *, with_bypassed: bool = False) -> dict[str, nn.Module]:
    """Linear layers but the head; of state-space layers those that are asked and not read."""
    head = model.get_output_embeddings()
    found: dict[str, nn.Module] = {
        name: layer
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear | Conv1D) and layer is not head
    }
    if with_bypassed:
        return found
    is_fused = getattr(model.config, "model_type", "") in FUSED_FAMILIES
    passed_over = BARE_LAYERS | (FUSED_LAYERS if is_fused else frozenset())
    mixers = {name for name, part in model.named_modules() if hasattr(part, "A_log")}
    return {
        name: layer
        for name, layer in found.items()
        if name.rpartition(".")[0] not in mixers or name.rpartition(".")[2] not in passed_over
    }


def _other_modules(model: PreTrainedModel, targets: set[str]) -> list[str]:
    return [
        name
        for name, layer in model.named_modules()
        if name and name not in targets and not any(layer.children())
    ]
