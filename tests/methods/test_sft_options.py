"""The options of supervised fine-tuning: documented, bounded, refused all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from hone.errors import InvalidInput
from hone.methods._building import _plan
from hone.methods._lora_options import LoraOptions
from hone.methods._rows import read_rows
from hone.methods._training_options import chosen
from hone.methods.sft import Options
from hone.rendering.tokens import Renderer
from hone.workspace.job_folder import JobFolder
from tests.engine.small import copy_rows, frozen, make_job
from tests.rendering.bases import make_base


def test_the_documented_keys_have_the_documented_defaults() -> None:
    lora, options = LoraOptions(), Options()
    assert (lora.r, lora.lora_alpha, lora.lora_dropout) == (8, 16, 0.05)
    assert (options.batch_size, options.gradient_accumulation_steps) == (4, 1)
    assert options.max_seq_length == 512
    assert options.dry_run is False


def test_frozen_values_come_back_as_options() -> None:
    options, lora = chosen(frozen(**{"training.epochs": 2, "lora.r": 16}), Options)
    assert lora is not None and (options.epochs, lora.r) == (2, 16)
    _, none = chosen(frozen(is_lora=False), Options)
    assert none is None


@pytest.mark.parametrize("epochs", [0, 0.0])
def test_a_real_training_of_no_epochs_is_refused_and_a_dry_run_is_not(epochs: float) -> None:
    with pytest.raises(InvalidInput, match=r"training\.epochs is 0"):
        chosen(frozen(**{"training.epochs": epochs}), Options)
    chosen(frozen(**{"training.epochs": epochs, "training.dry_run": True}), Options)
    chosen(frozen(**{"training.epochs": epochs, "training.max_steps": 5}), Options)


def test_every_problem_is_said_at_once() -> None:
    changes = {
        "training.epochs": -1,
        "training.batch_size": 0,
        "lora.r": 0,
        "data.max_seq_length": 2,
        "training.nonsense": 1,
    }
    with pytest.raises(InvalidInput) as told:
        chosen(frozen(**changes), Options)
    for part in ("epochs", "batch_size", "lora.r", "max_seq_length", "nonsense"):
        assert part in told.value.message


def test_an_open_value_is_refused() -> None:
    with pytest.raises(InvalidInput, match="learning_rate is still open"):
        chosen(frozen(**{"training.learning_rate": "auto"}), Options)


def test_steps_count_partial_batches_and_warm_up_is_a_share() -> None:
    options, _ = chosen(
        frozen(**{"training.epochs": 2.5, "training.gradient_accumulation_steps": 2,
                  "training.warmup_ratio": 0.1}),
        Options,
    )  # fmt: skip
    plan = _plan(options, 22, ("cpu", "ddp"))
    assert (plan.steps_per_epoch, plan.total_steps, plan.warmup_steps) == (3, 8, 1)
    assert (plan.eval_steps, plan.save_steps) == (3, 3)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = make_base(tmp_path / "base", "qwen_style")
    (folder / "model.safetensors").write_bytes(b"")
    return folder


def test_rows_that_cannot_be_learned_are_left_out_and_said(base: Path, tmp_path: Path) -> None:
    rows = copy_rows(5)
    rows[2]["completion"][0]["content"] = "word " * 200
    folder = make_job(tmp_path / "train-1", base, rows=(rows, []))
    kept = read_rows(folder, "train", Renderer.load(base), max_length=128, train_on="last")
    assert len(kept) == 4
    texts = [str((event.model_extra or {}).get("text")) for event in folder.events()]
    assert len(texts) == 1
    assert "1 rows of train are left out (row 3: the answer needs" in texts[0]


def test_a_shortened_prompt_is_said(base: Path, tmp_path: Path) -> None:
    rows = copy_rows(3)
    rows[1]["prompt"][1]["content"] = "milk " * 300
    folder = make_job(tmp_path / "train-1", base, rows=(rows, []))
    kept = read_rows(folder, "train", Renderer.load(base), max_length=128, train_on="last")
    assert len(kept) == 3 and len(kept[1].input_ids) <= 128
    texts = [str((event.model_extra or {}).get("text")) for event in folder.events()]
    assert texts == ["1 rows of train lost a part of their text to fit."]


def test_missing_rows_and_malformed_rows_name_the_place_and_the_mend(
    base: Path, tmp_path: Path
) -> None:
    renderer = Renderer.load(base)
    folder: JobFolder = make_job(tmp_path / "train-1", base, rows=(copy_rows(2), []))
    path = folder.inputs / "train.jsonl"
    path.write_text(path.read_text() + '{"prompt": []\n')
    with pytest.raises(InvalidInput, match=r"train\.jsonl, line 3, is no training row"):
        read_rows(folder, "train", renderer, max_length=128, train_on="last")
    path.unlink()
    with pytest.raises(InvalidInput, match="Training data not found") as told:
        read_rows(folder, "train", renderer, max_length=128, train_on="last")
    assert "hone datasets build" in told.value.hint
    assert read_rows(folder, "val", renderer, max_length=128, train_on="last") == []
