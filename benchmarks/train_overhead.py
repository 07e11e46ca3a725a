"""Training speed: Hone's worker code against bare TRL, side by side, in processes of their own.

python benchmarks/train_overhead.py [--rows 1200] [--batch-size 4] [--rounds 3] [--base FOLDER]

Contenders, alternating, same base, rows, seed, adapter, steps and thread count:
  hone        the default recipe as the worker runs it, with the launcher's environment
  trl         TRL set up well: use_cpu, bf16=False, gradient_checkpointing=False
  trl-same    TRL with Hone's settings too: rows grouped by length, the allocator's environment
Tokens per second count real tokens (no padding) over the training loop, checkpoints and events
included; the loss is the mean over all answer tokens of rows that nobody trained on. CPU seconds
are shown because on a shared machine only they can be compared.
Budgets: hone / trl-same >= 0.97, hone / trl >= 1.8; worker -> first step <= 6 s.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
# The root of the checkout in place of this folder, so that `tests` can be imported.
sys.path[0] = str(REPOSITORY)

CONTENDERS = ("hone", "trl", "trl-same")
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


def run_trl(folder: Path, *, is_grouped: bool) -> dict[str, float]:
    """What a careful user of TRL writes; rows are tokenised beforehand, as for Hone."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM
    from trl import SFTConfig, SFTTrainer

    from hone.engine.load import tokenizer_of
    from hone.methods._training_options import chosen
    from hone.methods.sft import Options
    from hone.rendering.tokens import Renderer
    from hone.workspace.job_folder import JobFolder

    spec = JobFolder(folder).job.spec
    options, lora = chosen(spec["options"], Options)
    assert lora is not None
    torch.set_num_threads(int(options.threads or 1))
    base = Path(spec["base"]["path"])
    renderer = Renderer.load(base)
    rows = tokenised(folder, renderer, options.max_seq_length)
    steps = -(-len(rows) // options.batch_size) * int(options.epochs)
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32),
        args=SFTConfig(
            output_dir=str(folder / "trl"),
            use_cpu=True,
            bf16=False,
            activation_checkpointing=False,
            per_device_train_batch_size=options.batch_size,
            num_train_epochs=options.epochs,
            learning_rate=float(options.learning_rate or 0),
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
        processing_class=tokenizer_of(base, renderer.stop_ids[0]),
        peft_config=LoraConfig(
            r=lora.r,
            lora_alpha=lora.lora_alpha,
            lora_dropout=lora.lora_dropout,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        ),
    )
    took = timed(trainer.train)
    tokens = sum(len(row["input_ids"]) for row in rows) * int(options.epochs)
    return took | {"loss": held_out_loss(trainer.model, base), "tokens": float(tokens)}


def tokenised(folder: Path, renderer: Any, max_length: int) -> list[dict[str, list[int]]]:
    """The job's rows as ids and labels."""
    lines = (folder / "inputs" / "train.jsonl").read_text().splitlines()
    messages = [[*row["prompt"], *row["completion"]] for row in map(json.loads, lines)]
    return [
        {"input_ids": row.input_ids, "labels": row.labels}
        for row in renderer.training_rows(messages, max_length)
    ]


def child(name: str, folder: Path) -> None:
    """One contender in this process; its figures are the last line of output."""
    found = run_hone(folder) if name == "hone" else run_trl(folder, is_grouped=name == "trl-same")
    print("FIGURES " + json.dumps(found))


def measure(name: str, folder: Path) -> dict[str, float]:
    """Run one contender in a child process with its environment."""
    spec = json.loads((folder / "job.json").read_text())["spec"]
    chosen = dict(spec["environment"])
    if name == "trl":
        chosen = {key: value for key, value in chosen.items() if not key.startswith("MALLOC")}
    command = [sys.executable, __file__, "--child", name, "--folder", str(folder)]
    done = subprocess.run(
        command, env={**os.environ, **chosen}, capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("FIGURES ")]
    if not lines:
        raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
    return json.loads(lines[-1].removeprefix("FIGURES "))


def seconds_to_first_step(folder: Path) -> float:
    """From the start of `python -m hone.worker` to the first metric on disk."""
    from hone.workspace.job_folder import JobFolder

    job = JobFolder(folder)
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "hone.worker", str(folder)],
        env={**os.environ, **job.job.spec["environment"]},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not any(event.type == "metric" for event in job.events()):
        if process.poll() is not None:
            raise SystemExit("the worker ended before its first step")
        time.sleep(0.01)
    took = time.perf_counter() - began
    process.kill()
    process.wait()
    return took


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1200)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--base", type=Path, default=REPOSITORY / "src/hone/bundled/hone-nano")
    parser.add_argument("--child", choices=CONTENDERS)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.child:
        child(asked.child, asked.folder)
        return
    figures: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
    with tempfile.TemporaryDirectory() as place:
        for round_number in range(asked.rounds):
            for name in CONTENDERS:
                root = Path(place) / f"train-{name}-{round_number}"
                figures[name].append(measure(name, make_folder(root, asked.base, asked)))
        first = [
            seconds_to_first_step(make_folder(Path(place) / f"start-{n}", asked.base, asked))
            for n in range(asked.rounds)
        ]
    show(figures, first, asked)


def show(
    figures: dict[str, list[dict[str, float]]], first: list[float], asked: argparse.Namespace
) -> None:
    """Medians over the rounds, and the ratios that the budgets are about."""
    print(
        f"{asked.base.name}, {asked.rows} rows, batch {asked.batch_size}, {asked.threads} threads"
    )
    print("| contender | tokens/s | tokens/CPU-s | held-out loss |\n|---|---|---|---|")
    rates: dict[str, tuple[float, float]] = {}
    for name, runs in figures.items():
        wall = statistics.median(run["tokens"] / run["wall"] for run in runs)
        cpu = statistics.median(run["tokens"] / run["cpu"] for run in runs)
        loss = statistics.median(run["loss"] for run in runs)
        rates[name] = (wall, cpu)
        print(f"| {name} | {wall:,.0f} | {cpu:,.0f} | {loss:.3f} |")
    for other in CONTENDERS[1:]:
        wall, cpu = (rates["hone"][i] / rates[other][i] for i in range(2))
        print(f"hone / {other}: {wall:.2f} by wall time, {cpu:.2f} by CPU time")
    print(f"worker -> first step: {statistics.median(first):.1f} s ({min(first):.1f} best)")


if __name__ == "__main__":
    main()
