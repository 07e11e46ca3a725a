"""Bases and adapters: what is loaded, what is refused, and which layers are adapted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from hone.engine.load import BaseSpec, check_unchanged, load_base, refuse_unfit
from hone.engine.lora import add_adapter, target_names, with_adapter, write_adapter_config
from hone.engine.weights import write_weights
from hone.errors import HoneError, InvalidInput
from tests.engine.small import hash_of

SEVEN = ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"]


def spec(path: Path, **changes: object) -> BaseSpec:
    return BaseSpec(id="small", path=path, **changes)  # type: ignore[arg-type]


def adapted(path: Path, **changes: object):
    asked = {"r": 4, "lora_alpha": 8, "lora_dropout": 0.0, "target_modules": "auto"} | changes
    return add_adapter(load_base(spec(path)), **asked)  # type: ignore[arg-type]


def test_auto_means_every_linear_layer_but_the_head(small_base: Path) -> None:
    model = load_base(spec(small_base))
    assert target_names(model, "auto") == SEVEN
    trained = {
        name.split(".lora_")[0]
        for name, w in adapted(small_base).named_parameters()
        if w.requires_grad
    }
    linear = [name for name, layer in model.named_modules() if isinstance(layer, torch.nn.Linear)]
    assert len(trained) == len(linear) - 1
    assert not any("lm_head" in name or "embed" in name for name in trained)


@pytest.mark.parametrize("family", ["gpt2", "llama", "gemma2", "phi3"])
def test_auto_reads_the_names_of_other_architectures(family: str) -> None:
    from transformers import AutoConfig, AutoModelForCausalLM

    small = {
        "vocab_size": 64, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
        "num_key_value_heads": 1, "intermediate_size": 32, "head_dim": 8, "pad_token_id": 0,
        "n_embd": 16, "n_layer": 1, "n_head": 2,
    }  # fmt: skip
    config = AutoConfig.for_model(family, **small)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    names = target_names(model, "auto")
    wanted = {
        "gpt2": {"c_attn", "c_fc", "c_proj"},
        "llama": set(SEVEN),
        "gemma2": set(SEVEN),
        "phi3": {"qkv_proj", "o_proj", "gate_up_proj", "down_proj"},
    }
    assert set(names) == wanted[family]


def test_a_layer_that_does_not_exist_is_refused_with_the_nearest(small_base: Path) -> None:
    with pytest.raises(InvalidInput, match="q_prj") as told:
        adapted(small_base, target_modules=["q_prj", "v_proj"])
    assert 'Did you mean "q_proj"' in told.value.message


def test_an_adapter_file_is_the_same_in_every_process_and_names_no_local_path(
    small_base: Path, tmp_path: Path
) -> None:
    write_weights(adapted(small_base), tmp_path, "small")
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert config["target_modules"] == SEVEN
    assert list(config) == sorted(config)
    assert config["base_model_name_or_path"] == "small"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    before = (tmp_path / "adapter_config.json").read_bytes()
    write_adapter_config(tmp_path, "small")
    assert (tmp_path / "adapter_config.json").read_bytes() == before


def test_an_adapter_of_another_base_or_format_is_refused(small_base: Path, tmp_path: Path) -> None:
    write_weights(adapted(small_base), tmp_path / "fits", "small")
    other = load_base(spec(small_base))
    (tmp_path / "pickled").mkdir()
    (tmp_path / "pickled" / "adapter_model.bin").write_bytes(b"pickle")
    with pytest.raises(HoneError, match="There is no adapter_model"):
        with_adapter(other, tmp_path / "pickled")
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.from_pretrained(small_base)
    config.hidden_size = 64
    with pytest.raises(HoneError, match="does not fit this base"):
        with_adapter(AutoModelForCausalLM.from_config(config), tmp_path / "fits")


def harmed(base: Path, folder: Path, harm: str) -> Path:
    shutil.copytree(base, folder)
    config = json.loads((folder / "config.json").read_text())
    if harm == "no tokenizer":
        (folder / "tokenizer.json").unlink()
    elif harm == "no config":
        (folder / "config.json").unlink()
    elif harm == "pickle":
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    elif harm == "own code":
        config["auto_map"] = {"AutoModelForCausalLM": "modeling_x.X"}
        (folder / "config.json").write_text(json.dumps(config))
    else:
        config["quantization_config"] = {"quant_method": harm}
        (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        ("no tokenizer", "tokenizer.json is missing"),
        ("no config", "config.json is missing"),
        ("pickle", "pickled"),
        ("own code", "Python code"),
        ("awq", "quantised (awq)"),
        ("gptq", "quantised (gptq)"),
        ("bitsandbytes", "quantised (bitsandbytes)"),
    ],
)
def test_what_cannot_be_a_base_is_refused_with_another_to_choose(
    small_base: Path, tmp_path: Path, harm: str, says: str
) -> None:
    folder = harmed(small_base, tmp_path / "harmed", harm)
    with pytest.raises(InvalidInput) as told:
        load_base(spec(folder))
    assert says in told.value.message
    assert "hone-nano" in told.value.hint


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as told:
        refuse_unfit(tmp_path)
    assert len(told.value.problems) == 3


def test_a_file_that_is_cut_off_is_told_in_two_lines(small_base: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(small_base, tmp_path / "cut"))
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(HoneError, match="Loading the base small failed"):
        load_base(spec(folder))


def test_a_base_that_changed_since_the_plan_is_refused(small_base: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(small_base, tmp_path / "changed"))
    planned = spec(folder, sha256=hash_of(folder))
    check_unchanged(planned)
    (folder / "config.json").write_text((folder / "config.json").read_text() + " ")
    with pytest.raises(HoneError, match="has changed since this job was planned"):
        check_unchanged(planned)


def test_a_random_control_has_the_same_shape_and_its_own_weights(small_base: Path) -> None:
    trained = load_base(spec(small_base))
    control = load_base(spec(small_base, init="random", init_seed=3, embedding_scale=10.0))
    again = load_base(spec(small_base, init="random", init_seed=3, embedding_scale=10.0))
    plain = load_base(spec(small_base, init="random", init_seed=3))
    assert [w.shape for w in trained.parameters()] == [w.shape for w in control.parameters()]
    for one, other in zip(control.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
    embedding = control.get_input_embeddings().weight
    assert torch.allclose(embedding, plain.get_input_embeddings().weight * 10)
    assert not torch.equal(embedding, trained.get_input_embeddings().weight)


def test_a_large_base_can_be_built_without_memory(small_base: Path) -> None:
    model = load_base(spec(small_base), on_meta=True)
    assert all(weight.is_meta for weight in model.parameters())
