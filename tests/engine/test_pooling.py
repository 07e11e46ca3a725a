"""A head over the mean of a text: of every family, whatever the padding, saved and read back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from hone.engine.heads import mean_state, read_the_mean, register_heads
from hone.engine.load import TOKENIZER_FILES, BaseSpec, ScoreHead, load_base
from hone.errors import InvalidInput
from hone.workspace.pooling import pooling_of
from tests.engine.test_architectures import MODELS, tiny

TEXTS = [[5, 9, 7], [8, 3, 12, 40, 22, 9, 11], [17], [33, 2, 60, 18]]


def scorer(name: str) -> Any:
    register_heads()
    config = tiny(name).config
    config.num_labels, config.get_text_config().pad_token_id = 2, 0
    torch.manual_seed(0)
    return transformers.AutoModelForSequenceClassification.from_config(config).eval()


def padded(texts: list[list[int]], width: int) -> dict[str, torch.Tensor]:
    ids, mask = torch.zeros(len(texts), width, dtype=torch.long), torch.zeros(len(texts), width)
    for row, text in enumerate(texts):
        ids[row, : len(text)], mask[row, : len(text)] = torch.tensor(text), 1
    return {"input_ids": ids, "attention_mask": mask.long()}


@pytest.mark.parametrize("name", MODELS)
def test_a_text_gets_the_mean_of_its_own_tokens_whatever_stands_beside_it(name: str) -> None:
    model = scorer(name)
    body = getattr(model, model.base_model_prefix)
    with torch.no_grad():
        last = model(**padded(TEXTS, 7)).logits
        read_the_mean(model)
        together, wider = (model(**padded(TEXTS, width)).logits for width in (7, 12))
        for row, text in enumerate(TEXTS):
            states = body(torch.tensor([text]), use_cache=False).last_hidden_state
            wanted = model.score(states[0].mean(0))
            assert torch.allclose(together[row], wanted, atol=1e-5)
            assert torch.allclose(wider[row], wanted, atol=1e-5)
            assert torch.allclose(model(torch.tensor([text])).logits[0], wanted, atol=1e-5)
    # Only a text of one token has no other to take the mean with.
    assert [torch.allclose(*two, atol=1e-5) for two in zip(last, together, strict=True)] == [
        len(text) == 1 for text in TEXTS
    ]


def test_padding_counts_nothing_and_bf16_loses_nothing_of_a_long_text() -> None:
    states = torch.tensor([[[1.0], [3.0], [99.0]], [[5.0], [7.0], [9.0]]])
    mask = torch.tensor([[1, 1, 0], [1, 1, 1]])
    assert mean_state(states, mask).tolist() == [[2.0], [7.0]]
    # In bf16 a sum stands still at 256 where ones are added to it.
    many = torch.ones(1, 2048, 1, dtype=torch.bfloat16)
    assert mean_state(many, torch.ones(1, 2048, dtype=torch.long)).tolist() == [[1.0]]


def test_a_head_of_another_shape_is_refused() -> None:
    config = transformers.BertConfig(
        vocab_size=64, hidden_size=32, num_hidden_layers=1, num_attention_heads=4
    )
    with pytest.raises(InvalidInput, match="bert model cannot read the mean") as told:
        read_the_mean(transformers.BertForSequenceClassification(config))
    assert told.value.hint == "--set training.pooling=last"


def test_a_whole_model_says_in_its_configuration_how_it_reads(
    small_base: Path, tmp_path: Path
) -> None:
    assert pooling_of(small_base) is None
    found: dict[str, torch.Tensor] = {}
    for pooling in ("mean", "last"):
        torch.manual_seed(0)
        head = ScoreHead(2, 0, pooling)
        model = load_base(BaseSpec("small", small_base), head=head)
        place = tmp_path / pooling
        model.save_pretrained(place)
        for name in TOKENIZER_FILES:
            if (small_base / name).is_file():
                shutil.copyfile(small_base / name, place / name)
        config = json.loads((place / "config.json").read_text())
        assert config["architectures"] == ["Qwen2ForSequenceClassification"]
        assert config.get("classifier_pooling") == ("mean" if pooling == "mean" else None)
        kept = pooling_of(place)
        assert kept == pooling
        again = load_base(BaseSpec("whole", place), head=ScoreHead(2, 0, kept))
        with torch.no_grad():
            found[pooling] = model(**padded(TEXTS, 7)).logits
            assert torch.equal(again(**padded(TEXTS, 7)).logits, found[pooling])
    assert not torch.allclose(found["mean"], found["last"], atol=1e-4)
    # Begun anew from the other one, it reads as it is told to.
    again = load_base(BaseSpec("whole", tmp_path / "mean"), head=ScoreHead(2, 0, "last"))
    with torch.no_grad():
        assert torch.equal(again(**padded(TEXTS, 7)).logits, found["last"])
    again.save_pretrained(tmp_path / "again")
    assert pooling_of(tmp_path / "again") == "last"
