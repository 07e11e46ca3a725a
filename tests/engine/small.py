"""A tiny base with random weights and training jobs on it, made in seconds without network."""

from __future__ import annotations

import hashlib
import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hone import shelf
from hone.methods._lora_options import LoraOptions
from hone.records.job import Job
from hone.rendering.tokens import Renderer
from hone.workspace.files import sha256_of
from hone.workspace.job_folder import JobFolder
from tests.rendering.bases import make_base

WORDS = "romaine carrots bread milk apples rice soup eggs beans tea plums kale".split()
TASK = {"kind": "qa", "name": "copy", "system": "Repeat."}
LORA = {"lora.r": 4, "lora.lora_alpha": 8, "lora.lora_dropout": 0.05, "lora.target_modules": "auto"}


def make_small_base(folder: Path, *, layers: int = 2, hidden: int = 32) -> Path:
    """A Qwen2 of some 60,000 random weights, with tokenizer and chat template."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    make_base(folder, "qwen_style")
    tokens = json.loads((folder / "tokenizer.json").read_text())
    vocabulary = len(tokens["model"]["vocab"]) + len(tokens["added_tokens"])
    config = Qwen2Config(
        vocab_size=vocabulary,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=hidden * 2,
        max_position_embeddings=512,
        tie_word_embeddings=True,
    )
    state = torch.random.get_rng_state()
    torch.manual_seed(0)
    Qwen2ForCausalLM(config).save_pretrained(folder)
    torch.random.set_rng_state(state)
    return folder


def copy_rows(count: int, *, seed: int = 0, most_words: int = 12) -> list[dict[str, Any]]:
    """Rows that ask to repeat a few words; lengths differ.

    A validation shows answers to its rows, at most twice as long as the longest that is known: with
    random weights these take longer than the training, unless those rows are short.
    """
    dice = random.Random(seed)
    rows = []
    for number in range(count):
        text = " ".join(dice.choice(WORDS) for _ in range(dice.randint(1, most_words)))
        rows.append(
            {
                "id": f"row-{number}",
                "prompt": [
                    {"role": "system", "content": "Repeat."},
                    {"role": "user", "content": text},
                ],
                "completion": [{"role": "assistant", "content": text}],
                "weight": 1.0,
            }
        )
    return rows


def pair_rows(count: int, *, seed: int = 0) -> list[dict[str, Any]]:
    """Pairs: the copied words are better than the same words turned round."""
    rows = []
    for row in copy_rows(count, seed=seed):
        words = row["completion"][0]["content"].split()
        worse = " ".join(reversed([*words, "stop"]))
        rows.append(
            {
                "id": row["id"],
                "prompt": row["prompt"],
                "chosen": row["completion"],
                "rejected": [{"role": "assistant", "content": worse}],
                "weight": 1.0,
            }
        )
    return rows


def judged_rows(count: int, *, seed: int = 0) -> list[dict[str, Any]]:
    """Every answer of the pairs on its own, called good or bad."""
    return [
        {
            "id": row["id"],
            "prompt": row["prompt"],
            "completion": row[side],
            "label": side == "chosen",
            "weight": 1.0,
        }
        for row in pair_rows(count, seed=seed)
        for side in ("chosen", "rejected")
    ]


def scored_rows(count: int, *, seed: int = 0) -> list[dict[str, Any]]:
    """Texts with two scores: how many words they have, and how often "milk" is among them."""
    rows = []
    for row in copy_rows(count, seed=seed):
        text = row["completion"][0]["content"]
        labels = [float(len(text.split())), float(text.split().count("milk"))]
        rows.append({"id": row["id"], "text": text, "labels": labels, "weight": 1.0})
    return rows


def as_lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def frozen(
    *, is_lora: bool = True, method: str = "sft", **changes: Any
) -> dict[str, dict[str, Any]]:
    """Options as a job freezes them: the defaults, with small values and the given changes."""
    values: dict[str, Any] = {}
    for name, field in shelf.load("methods", method).Options.model_fields.items():
        extra: Any = field.json_schema_extra or {}
        section = extra.get("section", "training")
        values[f"{section}.{name}"] = field.get_default(call_default_factory=True)
    if is_lora:
        values |= {
            f"lora.{name}": field.default for name, field in LoraOptions.model_fields.items()
        }
        values |= LORA
    values |= {
        "training.learning_rate": 3e-3,
        "training.dtype": "float32",
        "training.threads": 1,
        "training.processes": 1,
        "data.max_seq_length": 128,
    }
    values |= changes
    return {key: {"value": value, "source": "test"} for key, value in values.items()}


def hash_of(base: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted([*base.glob("*.safetensors"), *base.glob("*.json")]):
        whole.update(f"{path.name} {sha256_of(path)}\n".encode())
    return whole.hexdigest()


def make_job(
    folder: Path,
    base: Path,
    *,
    options: dict[str, dict[str, Any]] | None = None,
    rows: tuple[list[dict[str, Any]], list[dict[str, Any]]] | None = None,
    **spec: Any,
) -> JobFolder:
    """A training job's folder, as the train stage makes it."""
    train, val = (
        rows
        if rows is not None
        else (
            copy_rows(18),
            copy_rows(6, seed=1, most_words=2),
        )
    )
    job = Job(
        id=folder.name,
        kind="train",
        created_at=datetime(2026, 11, 20, tzinfo=UTC),
        spec={
            "method": "sft",
            "base": {"id": "small", "path": str(base), "sha256": hash_of(base), "kind": "base"},
            "adapter": None,
            "dataset": {"name": "copy@1", "sha256": "0" * 64},
            "task": TASK,
            "template": Renderer.load(base).fingerprint,
            "options": options or frozen(),
            "model_name": "copy",
            "version": None,
            "device": "cpu",
            **spec,
        },
    )
    inputs: dict[str, Path | str | bytes] = {"train.jsonl": as_lines(train)}
    if val:
        inputs["val.jsonl"] = as_lines(val)
    return JobFolder.create(folder, job, inputs=inputs)
