"""An adapter merged into the weights of its base, and both asked the same."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import nn

from hone.engine.generate import Limits, answers
from hone.engine.load import BaseSpec, load_base
from hone.engine.lora import with_adapter
from hone.engine.weights import copy_tokenizer
from hone.workspace.files import write_json

STORED = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16}
NAMES = {torch.float32: "float32", torch.bfloat16: "bfloat16", torch.float16: "float16"}


@dataclass(frozen=True)
class Adapted:
    """A base with the adapter that stands on it."""

    base: BaseSpec
    adapter: Path


def stored_types(base: Path) -> dict[str, torch.dtype]:
    """Name -> type of every tensor of a base, as its files hold it."""
    found: dict[str, torch.dtype] = {}
    for path in sorted(base.glob("*.safetensors")):
        with safe_open(str(path), framework="pt") as file:
            for name in file.keys():  # noqa: SIM118 - the file is no mapping
                found[name] = STORED.get(file.get_slice(name).get_dtype(), torch.float32)
    return found


def write_merged(adapted: Adapted, folder: Path, *, dtype: str, about: dict[str, Any]) -> str:
    """Write the merged model, with tokenizer and hone.json; the name of its commonest type.

    Merged in fp32; `dtype` "base" then gives every tensor the type that it has in the base.
    """
    model: Any = with_adapter(load_base(adapted.base), adapted.adapter)
    model = model.merge_and_unload(safe_merge=True)
    if dtype == "base":
        stored = stored_types(adapted.base.path)
        usual = Counter(stored.values()).most_common(1)[0][0]
        for name, weight in model.named_parameters():
            weight.data = weight.data.to(stored.get(name, usual))
    name = NAMES[Counter(weight.dtype for weight in model.parameters()).most_common(1)[0][0]]
    folder.mkdir(parents=True)
    model.save_pretrained(str(folder))
    copy_tokenizer(adapted.base.path, folder)
    write_json(folder / "hone.json", {**about, "dtype": name})
    return name


def answers_of(
    model: Adapted | BaseSpec, prompts: Sequence[Sequence[int]], limits: Limits
) -> list[list[int]]:
    """Greedy token ids for each prompt; an adapter answers beside its base, not merged into it."""
    loaded: nn.Module
    if isinstance(model, Adapted):
        loaded = with_adapter(load_base(model.base), model.adapter)
    else:
        loaded = load_base(model)
    found: list[list[int]] = [[] for _ in prompts]
    for batch in answers(loaded, prompts, limits):
        for place, answer in batch:
            found[place] = answer.ids
    del loaded
    gc.collect()
    return found
