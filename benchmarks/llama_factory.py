"""LLaMA-Factory in an environment of its own, for benchmarks/train_speed.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

PEER_VERSION = "llamafactory==0.9.5"
# Beside the CPU build of torch the registry's torchvision and torchaudio cannot be loaded, and
# the peer imports the second one for sound that no row here has.
PEER = """
import importlib.machinery, json, sys, time, types
audio = types.ModuleType("torchaudio")
audio.__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)
sys.modules["torchaudio"] = audio
from datasets import Dataset, DatasetDict
from llamafactory.train.tuner import run_exp
from transformers import TrainerCallback
asked = json.loads(open(sys.argv[1]).read())
rows = json.loads(open(asked.pop("rows")).read())
for row in rows:
    row["attention_mask"] = [1] * len(row["input_ids"])
DatasetDict({"train": Dataset.from_list(rows)}).save_to_disk(asked["tokenized_path"])
class Clock(TrainerCallback):
    def on_train_begin(self, *_, **__):
        self.began = time.perf_counter(), time.process_time()
    def on_train_end(self, *_, **__):
        wall, cpu = time.perf_counter() - self.began[0], time.process_time() - self.began[1]
        print("FIGURES " + json.dumps({"wall": wall, "cpu": cpu}), flush=True)
run_exp(asked, callbacks=[Clock()])
"""


class PeerJob(NamedTuple):
    """What it trains: rows of tokens, and options and adapter as Hone has them."""

    folder: Path
    base: Path
    rows: list[dict[str, Any]]
    options: Any
    lora: Any


def make_peer(folder: Path) -> Path:
    """LLaMA-Factory's environment; its interpreter."""
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "torch==2.13.0"], check=True)
        limits = folder / "limits.txt"
        limits.write_text("torch==2.13.0\n")
        subprocess.run([*pip, "-c", str(limits), "torch==2.13.0", PEER_VERSION], check=True)
        # Built for CUDA: transformers would fail on finding them.
        unloadable = ["torchvision", "torchaudio"]
        subprocess.run([str(python), "-m", "pip", "uninstall", "-q", "-y", *unloadable], check=True)
        (folder / "complete").touch()
    return python


def run_peer(
    job: PeerJob, python: Path, environment: dict[str, str], *, is_grouped: bool
) -> dict[str, float]:
    """Wall and CPU seconds of its training loop; its adapter stands in FOLDER/peer then."""
    folder, base, rows, options, lora = job
    (folder / "rows.json").write_text(json.dumps(rows))
    (folder / "peer.py").write_text(PEER)
    steps = -(-len(rows) // options.batch_size) * int(options.epochs)
    asked = {
        "rows": str(folder / "rows.json"),
        # Never read: rows come from tokenized_path. Without a name it refuses to begin.
        "dataset": "none",
        "stage": "sft",
        "do_train": True,
        "model_name_or_path": str(base),
        "finetuning_type": "lora",
        "lora_target": "all",
        "lora_rank": lora.r,
        "lora_alpha": lora.lora_alpha,
        "lora_dropout": lora.lora_dropout,
        "tokenized_path": str(folder / "tokenized"),
        "template": "chatml",
        "output_dir": str(folder / "peer"),
        "overwrite_output_dir": True,
        "per_device_train_batch_size": options.batch_size,
        "gradient_accumulation_steps": 1,
        "num_train_epochs": float(options.epochs),
        "learning_rate": float(options.learning_rate),
        "lr_scheduler_type": options.lr_scheduler,
        "warmup_steps": -(-steps * 3 // 100),
        "max_grad_norm": options.max_grad_norm,
        "weight_decay": options.weight_decay,
        "logging_steps": options.logging_steps,
        "seed": options.seed,
        "save_strategy": "no",
        "report_to": "none",
        "use_cpu": True,
        "bf16": False,
        "disable_gradient_checkpointing": True,
        "disable_tqdm": True,
        **({"train_sampling_strategy": "group_by_length"} if is_grouped else {}),
    }
    (folder / "peer.json").write_text(json.dumps(asked))
    done = subprocess.run(
        [str(python), str(folder / "peer.py"), str(folder / "peer.json")],
        env={**os.environ, **environment, "DISABLE_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return figures_of(done, "LLaMA-Factory")


def figures_of(done: subprocess.CompletedProcess[str], name: str) -> dict[str, float]:
    """What a process printed last; SystemExit with its end where it failed."""
    lines = [line for line in done.stdout.splitlines() if line.startswith("FIGURES ")]
    if not lines:
        raise SystemExit(f"{name} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return json.loads(lines[-1].removeprefix("FIGURES "))
