"""The catalogue of bases: numbers that agree with each other, names that lead somewhere."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest

from hone.errors import InvalidInput, NotFound
from hone.workspace.bases import find_base, planned_base
from hone.workspace.catalogue import (
    CataloguedBase,
    catalogue,
    catalogued,
    known_near,
    tensor_shapes,
    unquantised,
)
from hone.workspace.open import Workspace, init_workspace

ENTRIES = [pytest.param(one, id=one.id) for one in catalogue()]


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return init_workspace(tmp_path / "ws")


@pytest.mark.parametrize("one", ENTRIES)
def test_the_numbers_of_an_entry_give_its_count_of_weights(one: CataloguedBase) -> None:
    shapes = tensor_shapes(one.config)
    assert sum(math.prod(shape) for shape in shapes.values()) == one.parameters
    assert one.source and set(one.source) <= {"litgpt", "torchtune", "mlc", "hub"}
    assert one.id.count("/") == 1 and all(id.count("/") == 1 for id in one.also)
    if one.chat is not None:
        assert one.chat.stops


UNKNOWN_LICENCES = {"state-spaces/mamba-130m-hf"}
UNKNOWN_GATES = {
    "mistralai/Mistral-7B-Instruct-v0.3", "state-spaces/mamba-130m-hf", "tiiuae/falcon-mamba-7b",
}  # fmt: skip


def test_what_is_unknown_of_a_base_is_known_to_be() -> None:
    assert {one.id for one in catalogue() if not one.licence} == UNKNOWN_LICENCES
    assert {one.id for one in catalogue() if one.gated is None} == UNKNOWN_GATES
    # Terms that must be accepted are never those of a licence without any.
    free = {"apache-2.0", "mit"}
    assert not [one.id for one in catalogue() if one.gated and one.licence in free]


@pytest.mark.parametrize("one", ENTRIES)
def test_the_numbers_of_an_entry_agree_with_each_other(one: CataloguedBase) -> None:
    config = one.config
    assert one.context is None or one.context & (one.context - 1) == 0 or one.context == 40_960
    assert config["hidden_size"] % 64 == 0 and config["vocab_size"] >= 32_000
    # Names say how many weights there are, some without the embedding.
    said = re.search(r"(\d+(?:\.\d+)?)([BbMm])(?=-|$)", one.id)
    if said is not None:
        count = float(said[1]) * {"b": 1e9, "m": 1e6}[said[2].lower()]
        assert 0.9 * count < one.parameters < 1.35 * count
    if "mamba" in config["model_type"]:
        assert one.chat is None and config["intermediate_size"] == 2 * config["hidden_size"]
        assert config["time_step_rank"] * 16 == config["hidden_size"]
        return
    assert one.chat is not None
    heads, pairs = config["num_attention_heads"], config["num_key_value_heads"]
    assert heads % pairs == 0
    assert "head_dim" in config or config["hidden_size"] % heads == 0


def test_every_id_stands_once_and_is_found(ws: Workspace) -> None:
    ids = [id for one in catalogue() for id in (one.id, *one.also)]
    assert len(ids) == len(set(ids)) >= 20
    assert all(catalogued(id) is not None for id in ids)
    assert catalogued("somebody/else") is None


def test_shapes_follow_the_family() -> None:
    small = {
        "hidden_size": 8,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "vocab_size": 32,
    }
    names = {
        family: {name.removeprefix("model.layers.0.") for name in tensor_shapes({**small, **more})}
        for family, more in {
            "llama": {"model_type": "llama", "tie_word_embeddings": False},
            "phi3": {"model_type": "phi3"},
            "arcee": {"model_type": "arcee"},
        }.items()
    }
    assert "lm_head.weight" in names["llama"] and "mlp.gate_proj.weight" in names["llama"]
    assert "self_attn.qkv_proj.weight" in names["phi3"] and "lm_head.weight" not in names["phi3"]
    assert "mlp.up_proj.weight" in names["arcee"] and "mlp.gate_proj.weight" not in names["arcee"]


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Qwen/Qwen2.5-7B-Instruct-GPTQ-Int4", "Qwen/Qwen2.5-7B-Instruct"),
        ("TheBloke/Mistral-7B-Instruct-v0.3-AWQ", "mistralai/Mistral-7B-Instruct-v0.3"),
        ("unsloth/Llama-3.2-1B-Instruct-bnb-4bit", "meta-llama/Llama-3.2-1B-Instruct"),
        ("mlx-community/Qwen3-4B-4bit", "Qwen/Qwen3-4B"),
        ("RedHatAI/Some-9B-quantized.w4a16", "RedHatAI/Some-9B"),
        ("Qwen/Qwen3-8B-FP8", "Qwen/Qwen3-8B"),
        ("Qwen/Qwen2.5-7B-Instruct", None),
        ("somebody/int4eger", None),
        ("hone-nano", None),
    ],
)
def test_names_of_rounded_weights_lead_to_the_base_to_train(name: str, plain: str | None) -> None:
    assert unquantised(name) == plain


def test_a_name_that_is_nearly_known_is_answered_with_it(ws: Workspace) -> None:
    with pytest.raises(NotFound) as caught:
        find_base(ws, "Qwen/Qwen2.5-7B-Instrukt")
    assert 'Did you mean "Qwen/Qwen2.5-7B-Instruct"?' in caught.value.hint
    with pytest.raises(NotFound) as caught:
        find_base(ws, "llama-3.1-8b-instruct")
    assert 'Did you mean "meta-llama/Llama-3.1-8B-Instruct"?' in caught.value.hint
    with pytest.raises(NotFound) as caught:
        find_base(ws, "meta-llama/Llama-3.1-8B-Instruct")
    assert "hf download" in caught.value.hint and "terms are accepted" in caught.value.hint
    assert known_near("no-such-thing") is None


def test_a_plan_takes_the_shape_of_a_base_that_is_not_here(ws: Workspace) -> None:
    found = planned_base(ws, "Qwen/Qwen2.5-0.5B")
    assert (found.is_here, found.parameters) == (False, 494_032_768)
    assert len(found.layer_matrices) == 24 * 7
    with pytest.raises(NotFound):
        planned_base(ws, "somebody/else")
    with pytest.raises(InvalidInput, match="quantised"):
        planned_base(ws, "Qwen/Qwen2.5-0.5B-Instruct-AWQ")


def test_a_config_alone_is_enough_for_a_plan_and_not_for_a_training(ws: Workspace) -> None:
    folder = ws.root / "new"
    folder.mkdir()
    config = catalogue()[0].config
    (folder / "config.json").write_text(json.dumps(config))
    found = planned_base(ws, "new")
    assert (found.is_here, found.path, found.config) == (False, folder, config)
    with pytest.raises(InvalidInput, match="cannot be trained"):
        find_base(ws, "new")
    # What is there and cannot be trained is no mere lack of weights.
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(InvalidInput, match="cannot be trained"):
        planned_base(ws, "new")
    (folder / "pytorch_model.bin").unlink()
    (folder / "config.json").write_text(json.dumps({"model_type": "unheard_of"}))
    with pytest.raises(InvalidInput, match="cannot be trained"):
        planned_base(ws, "new")
