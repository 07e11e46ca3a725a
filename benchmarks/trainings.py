"""The trainings that benchmarks compare: a job's rows, Hone's own run of them, and TRL's."""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path
from typing import Any

SYSTEM = "Turn the message into a list of what was picked up."


def rows_of(count: int, seed: int) -> list[dict[str, Any]]:
    """Messages of very different lengths with an answer that copies a part of them."""
    dice = random.Random(seed)
    places = "Main Street;the back door;Oak Avenue;Saint Mary's;the market;Pier 9".split(";")
    goods = "romaine carrots bread milk apples rice soup eggs beans tea plums kale".split()
    rows = []
    for number in range(count):
        items = [
            {"item": dice.choice(goods), "quantity": dice.randint(1, 99)}
            for _ in range(1 + int(dice.expovariate(0.6)))
        ]
        said = ", ".join(f"{one['quantity']} {one['item']}" for one in items)
        talk = " ".join(dice.choice(goods) for _ in range(int(dice.lognormvariate(2.2, 1.0))))
        text = f"Hello, {talk}. We took {said} to {dice.choice(places)}."
        rows.append(
            {
                "id": f"{seed}-{number}",
                "prompt": [
                    {"role": "system", "content": SYSTEM},
                    {"role": "user", "content": text},
                ],
                "completion": [{"role": "assistant", "content": json.dumps(items)}],
            }
        )
    return rows


def make_folder(root: Path, base: Path, asked: argparse.Namespace) -> Path:
    """A job's folder with the default recipe, resolved as the train stage does it."""
    from datetime import UTC, datetime

    from hone.methods._lora_options import LoraOptions
    from hone.methods.sft import Options
    from hone.records.job import Job
    from hone.records.recipe import Resolved
    from hone.stages.train.machine import look_at_this_machine
    from hone.stages.train.resolve import environment_for, learning_rate_for
    from hone.workspace.bases import read_shapes
    from hone.workspace.job_folder import JobFolder

    values: dict[str, Any] = {}
    for name, field in Options.model_fields.items():
        extra: Any = field.json_schema_extra or {}
        values[f"{extra.get('section', 'training')}.{name}"] = field.default
    values |= {f"lora.{name}": field.default for name, field in LoraOptions.model_fields.items()}
    shapes = read_shapes(base / "model.safetensors")
    parameters = sum(_product(shape) for shape in shapes.values())
    values |= {
        "training.learning_rate": learning_rate_for(parameters, is_full=False),
        "training.epochs": asked.epochs,
        "training.dtype": "float32",
        "training.threads": asked.threads,
        "training.batch_size": asked.batch_size,
    }
    options = {key: Resolved(value=value, source="benchmark") for key, value in values.items()}
    spec: dict[str, Any] = {
        "method": "sft",
        "base": {"id": base.name, "path": str(base), "sha256": ""},
        "dataset": {"name": "benchmark@1", "sha256": ""},
        "task": {"kind": "qa", "name": "benchmark"},
        "options": {key: one.model_dump(mode="json") for key, one in options.items()},
        "device": "cpu",
        "environment": environment_for(options, look_at_this_machine()),
    }
    job = Job(id=root.name, kind="train", created_at=datetime.now(UTC), spec=spec)
    lines = "".join(json.dumps(row) + "\n" for row in rows_of(asked.rows, 1))
    return JobFolder.create(root, job, inputs={"train.jsonl": lines}).path


def _product(shape: tuple[int, ...]) -> int:
    count = 1
    for length in shape:
        count *= length
    return count


def timed(train: Any) -> dict[str, float]:
    """Wall and CPU seconds of a call."""
    wall, cpu = time.perf_counter(), time.process_time()
    train()
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def held_out_loss(model: Any, base: Path) -> float:
    """Mean loss over the answer tokens of 64 rows of another seed; the same for everybody."""
    import torch

    from hone.engine.collate import Collator, as_tensors
    from hone.rendering.tokens import Renderer

    renderer = Renderer.load(base)
    messages = [[*row["prompt"], *row["completion"]] for row in rows_of(64, 2)]
    rows = as_tensors(renderer.training_rows(messages, 512))
    model.eval()
    with torch.no_grad():
        return float(model(**Collator(0)(rows), use_cache=False).loss)


def run_hone(folder: Path) -> dict[str, float]:
    """The method's own path: built, then trained with events and a checkpoint."""
    from hone.engine import train_loop
    from hone.engine.watch import Habits, Watch
    from hone.methods._training_options import chosen
    from hone.methods.sft import Options, built
    from hone.workspace.job_folder import JobFolder

    job = JobFolder(folder)
    options, lora = chosen(job.job.spec["options"], Options)
    trainer, _ = built(job, options, lora)
    habits = Habits(options.logging_steps, options.save_minutes, None, None)
    watch = Watch(trainer, job, habits)
    took = timed(lambda: train_loop.train(trainer, watch, resume_from=None))
    took["loss"] = held_out_loss(trainer.model, Path(job.job.spec["base"]["path"]))
    return took | {"tokens": float(trainer.tokens_seen)}


def tokenised(folder: Path, renderer: Any, max_length: int) -> list[dict[str, list[int]]]:
    """The job's rows as ids and labels."""
    lines = (folder / "inputs" / "train.jsonl").read_text().splitlines()
    messages = [[*row["prompt"], *row["completion"]] for row in map(json.loads, lines)]
    return [
        {"input_ids": row.input_ids, "labels": row.labels}
        for row in renderer.training_rows(messages, max_length)
    ]


def rows_and_options(folder: Path) -> tuple[list[dict[str, Any]], Any, Any, Path]:
    """The job's rows as tokens, its options, its adapter's, and its base."""
    from hone.methods._training_options import chosen
    from hone.methods.sft import Options
    from hone.rendering.tokens import Renderer
    from hone.workspace.job_folder import JobFolder

    spec = JobFolder(folder).job.spec
    options, lora = chosen(spec["options"], Options)
    base = Path(spec["base"]["path"])
    rows = tokenised(folder, Renderer.load(base), options.max_seq_length)
    return rows, options, lora, base


def run_trl(folder: Path, *, is_checkpointed: bool, is_grouped: bool) -> dict[str, float]:
    """What a careful user of TRL writes; rows are tokenised beforehand, as for Hone."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM
    from trl import SFTConfig, SFTTrainer

    from hone.engine.load import tokenizer_of
    from hone.rendering.tokens import Renderer

    rows, options, lora, base = rows_and_options(folder)
    torch.set_num_threads(int(options.threads))
    steps = -(-len(rows) // options.batch_size) * int(options.epochs)
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32),
        args=SFTConfig(
            output_dir=str(folder / "trl"),
            use_cpu=True,
            bf16=False,
            activation_checkpointing=is_checkpointed,
            per_device_train_batch_size=options.batch_size,
            num_train_epochs=options.epochs,
            learning_rate=float(options.learning_rate),
            lr_scheduler_type=options.lr_scheduler,
            warmup_steps=-(-steps * 3 // 100),
            weight_decay=options.weight_decay,
            logging_steps=options.logging_steps,
            seed=options.seed,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            max_length=None,
            train_sampling_strategy="group_by_length" if is_grouped else "random",
        ),
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer_of(base, Renderer.load(base).stop_ids[0]),
        peft_config=LoraConfig(**adapter_of(lora)),
    )
    took = timed(trainer.train)
    return took | {"loss": held_out_loss(trainer.model, base), "tokens": tokens_of(rows, options)}


def tokens_of(rows: list[dict[str, Any]], options: Any) -> float:
    """Real tokens of all epochs, without padding."""
    return float(sum(len(row["input_ids"]) for row in rows) * int(options.epochs))


def adapter_of(lora: Any) -> dict[str, Any]:
    """The job's adapter as PEFT takes it."""
    return {
        "r": lora.r,
        "lora_alpha": lora.lora_alpha,
        "lora_dropout": lora.lora_dropout,
        "target_modules": "all-linear",
        "task_type": "CAUSAL_LM",
    }
