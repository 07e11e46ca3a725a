"""The catalogue against the libraries: of each base, what would be built, and what adapted."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
import torch
import transformers

from hone.engine.lora import add_adapter
from hone.stages.train.plan import adapted_matrices
from hone.workspace.bases import FoundBase, planned_base
from hone.workspace.catalogue import CataloguedBase, catalogue, tensor_shapes
from hone.workspace.open import init_workspace

ENTRIES = [pytest.param(one, id=one.id) for one in catalogue()]
LAYERS = 2
"""So many are built of each: all layers of these families are alike."""
RANK = 8


def built(entry: CataloguedBase) -> Any:
    """The model without memory: shapes alone."""
    numbers = {**entry.config, "num_hidden_layers": LAYERS}
    # A context is no part of the shape; some families would write tables for all of it.
    numbers.pop("max_position_embeddings", None)
    config = transformers.AutoConfig.for_model(**numbers)
    with torch.device("meta"):
        return transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)


def in_layer(name: str) -> str:
    """The part of a weight's name that follows its layer's number; or the whole name."""
    return re.sub(r"^.*?layers\.(\d+)\.", r"\1.", name)


@pytest.mark.parametrize("entry", ENTRIES)
def test_its_tensors_are_those_of_the_model(entry: CataloguedBase) -> None:
    model = built(entry)
    expected = tensor_shapes({**entry.config, "num_hidden_layers": LAYERS})
    real = {in_layer(name): tuple(one.shape) for name, one in model.named_parameters()}
    planned = {in_layer(name): shape for name, shape in expected.items()}
    inside = {name for name in real if name[0].isdigit()}
    assert inside == {name for name in planned if name[0].isdigit()}
    assert {name: real[name] for name in inside} == {name: planned[name] for name in inside}
    assert sum(math.prod(shape) for shape in real.values()) == sum(map(math.prod, planned.values()))


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_adapter_sits_where_the_plan_counts_it(
    entry: CataloguedBase, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with torch.device("meta"):
        adapted = add_adapter(
            built(entry), r=RANK, lora_alpha=16, lora_dropout=0.0, target_modules="auto"
        )
    trained = {name: one for name, one in adapted.named_parameters() if one.requires_grad}
    base: FoundBase = planned_base(init_workspace(tmp_path_factory.mktemp("ws")), entry.id)
    share = base.config["num_hidden_layers"] // LAYERS
    matrices = adapted_matrices(base, "auto")
    assert matrices
    counted = sum(RANK * (outputs + inputs) for _, outputs, inputs in matrices)
    assert counted == share * sum(one.numel() for one in trained.values())
    ends = {name.removesuffix(".weight").rpartition(".")[2] for name, _, _ in matrices}
    assert ends == {name.split(".lora_")[0].rpartition(".")[2] for name in trained}
