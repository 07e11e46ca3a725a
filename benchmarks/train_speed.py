"""Training speed: Hone's default recipe beside what else trains on a processor, in one run.

    python benchmarks/train_speed.py --only hone trl trl-grouped lf --rounds 2    # the budgets
    python benchmarks/train_speed.py                          # nano and a hidden-256 base, all
    python benchmarks/train_speed.py --bases nano --only hone trl --rounds 1

Contenders, alternating, each in a process of its own: the same base, rows, tokens, adapter, rate,
schedule, number of steps and threads.
  hone            the default recipe as the worker runs it, with the launcher's environment
  trl-defaults    TRL as it comes; only what it refuses a processor without: use_cpu, bf16=False
  trl             TRL set up well: no activation checkpointing either
  trl-grouped     the same, with rows grouped by length and the launcher's environment
  bare            a PyTorch loop of thirty lines: PEFT, AdamW, the model's own loss
  lf              LLaMA-Factory set up well: fp32, no checkpointing, every linear layer
  lf-grouped      the same, with rows grouped by length and the launcher's environment
LLaMA-Factory gets an environment of its own (--peer FOLDER, made there unless it exists) with
torch 2.13.0; it reads rows that are already tokens, so that nobody's template counts.
Tokens are real ones, without padding, over the training loop. On a shared machine only CPU seconds
can be compared. The loss is over the answers of rows that nobody trained on.
Budgets: hone / trl >= 1.8, hone / lf >= 1.1, hone / trl-grouped >= 0.97.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from llama_factory import PeerJob, figures_of, make_peer, run_peer
from trainings import (
    adapter_of,
    held_out_loss,
    make_folder,
    rows_and_options,
    run_hone,
    run_trl,
    timed,
    tokens_of,
)

REPOSITORY = Path(__file__).resolve().parents[1]

# By what they tell, for runs that are cut off.
CONTENDERS = ("hone", "trl", "lf", "trl-grouped", "lf-grouped", "bare", "trl-defaults")
BASES = ("nano", "hidden-256")
WITH_OUR_ENVIRONMENT = ("hone", "trl-grouped", "lf-grouped")
NANO = REPOSITORY / "src/hone/bundled/hone-nano"
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


def make_base(folder: Path) -> Path:
    """A Qwen2 of hidden size 256 and six layers with random weights, and nano's tokenizer."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    nano = json.loads((NANO / "config.json").read_text())
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=nano["vocab_size"],
        hidden_size=256,
        num_hidden_layers=6,
        num_attention_heads=8,
        num_key_value_heads=8,
        intermediate_size=640,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        eos_token_id=nano["eos_token_id"],
        pad_token_id=nano["pad_token_id"],
        bos_token_id=None,
    )
    Qwen2ForCausalLM(config).save_pretrained(folder)
    for name in TOKENIZER:
        shutil.copyfile(NANO / name, folder / name)
    return folder


def run_bare(folder: Path) -> dict[str, float]:
    """What one writes without a library for training: shuffle, pad, step."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, get_cosine_schedule_with_warmup

    from hone.engine.collate import Collator

    rows, options, lora, base = rows_and_options(folder)
    torch.set_num_threads(int(options.threads))
    torch.manual_seed(options.seed)
    model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    model = get_peft_model(model, LoraConfig(**adapter_of(lora)))
    tensors: Any = [{name: torch.tensor(ids) for name, ids in row.items()} for row in rows]
    steps = -(-len(rows) // options.batch_size) * int(options.epochs)
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=float(options.learning_rate), weight_decay=0.0)
    schedule = get_cosine_schedule_with_warmup(optimizer, -(-steps * 3 // 100), steps)
    collate = Collator(0)

    def train() -> None:
        model.train()
        for _ in range(int(options.epochs)):
            order = torch.randperm(len(tensors)).tolist()
            for start in range(0, len(order), options.batch_size):
                batch = collate([tensors[i] for i in order[start : start + options.batch_size]])
                model(**batch, use_cache=False).loss.backward()
                torch.nn.utils.clip_grad_norm_(trained, options.max_grad_norm)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()

    took = timed(train)
    return took | {"loss": held_out_loss(model, base)}


def _loss_of(adapter: Path, base: Path) -> float:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    return held_out_loss(PeftModel.from_pretrained(model, str(adapter)), base)


def child(name: str, folder: Path, peer: Path) -> None:
    """One contender in this process; its figures are the last line of output."""
    if name == "hone":
        found = run_hone(folder)
    elif name == "bare":
        found = run_bare(folder)
    elif name.startswith("lf"):
        python = peer / "bin" / "python"
        environment = {"OMP_NUM_THREADS": os.environ["OMP_NUM_THREADS"], "HF_HUB_OFFLINE": "1"}
        rows, options, lora, base = rows_and_options(folder)
        job = PeerJob(folder, base, rows, options, lora)
        found = run_peer(job, python, environment, is_grouped=name == "lf-grouped")
        found |= {"loss": _loss_of(folder / "peer", base)}
    else:
        is_checkpointed, is_grouped = name == "trl-defaults", name == "trl-grouped"
        found = run_trl(folder, is_checkpointed=is_checkpointed, is_grouped=is_grouped)
    rows, options, _, _ = rows_and_options(folder)
    print("FIGURES " + json.dumps(found | {"tokens": tokens_of(rows, options)}))


def measure(name: str, folder: Path, peer: Path) -> dict[str, float]:
    """Run one contender in a child process with its environment."""
    spec = json.loads((folder / "job.json").read_text())["spec"]
    chosen = dict(spec["environment"])
    if name not in WITH_OUR_ENVIRONMENT:
        chosen = {key: value for key, value in chosen.items() if not key.startswith("MALLOC")}
    command = [sys.executable, __file__, "--child", name, "--folder", str(folder)]
    done = subprocess.run(
        [*command, "--peer", str(peer)],
        env={**os.environ, **chosen},
        capture_output=True,
        text=True,
        check=False,
    )
    return figures_of(done, name)


def arguments() -> argparse.Namespace:
    """What can be chosen; the defaults are those of the published figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, nargs=2, default=(256, 80), help="of each base")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--bases", nargs="+", choices=BASES, default=list(BASES))
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--peer", type=Path, default=REPOSITORY / "build" / "llama-factory")
    parser.add_argument("--results", type=Path, help="JSON lines; what stands there is not run")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin nothing after so many")
    parser.add_argument("--child", choices=CONTENDERS)
    parser.add_argument("--folder", type=Path)
    return parser.parse_args()


def main() -> None:
    """Measure and print a table for each base."""
    asked = arguments()
    if asked.child:
        child(asked.child, asked.folder, asked.peer)
        return
    if any(name.startswith("lf") for name in asked.only):
        make_peer(asked.peer)
    began = time.monotonic()
    done = read_results(asked.results)
    with tempfile.TemporaryDirectory() as aside:
        place = Path(aside)
        bases = {"nano": NANO, "hidden-256": make_base(place / "hidden-256")}
        # Every contender once, then every one again: what the machine does meanwhile meets all.
        for number in range(asked.rounds):
            for base in asked.bases:
                for name in asked.only:
                    key = key_of(base, name, number, asked)
                    if key in done or time.monotonic() - began > asked.minutes * 60:
                        continue
                    asked_rows = argparse.Namespace(
                        **{**vars(asked), "rows": rows_for(base, asked)}
                    )
                    folder = make_folder(place / key.replace(" ", "-"), bases[base], asked_rows)
                    done[key] = measure(name, folder, asked.peer)
                    shutil.rmtree(folder)
                    if asked.results:
                        with asked.results.open("a") as file:
                            file.write(json.dumps({"key": key, **done[key]}) + "\n")
    for base in asked.bases:
        show(base, done, asked)


def rows_for(base: str, asked: argparse.Namespace) -> int:
    """How many rows a base trains on: the larger one fewer, for the time it takes."""
    return asked.rows[BASES.index(base)]


def key_of(base: str, name: str, number: int, asked: argparse.Namespace) -> str:
    """What a measurement is kept by: everything that decides it."""
    rows = rows_for(base, asked)
    return f"{base} {name} {rows} {asked.epochs} {asked.batch_size} {asked.threads} {number}"


def read_results(path: Path | None) -> dict[str, dict[str, float]]:
    """Earlier measurements by their key."""
    if path is None or not path.is_file():
        return {}
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {line.pop("key"): line for line in lines}


def show(base: str, done: dict[str, dict[str, float]], asked: argparse.Namespace) -> None:
    """Medians over the rounds, and the ratios that the budgets are about."""
    runs = {
        name: [
            done[key]
            for number in range(asked.rounds)
            if (key := key_of(base, name, number, asked)) in done
        ]
        for name in asked.only
    }
    runs = {name: found for name, found in runs.items() if found}
    print(
        f"\n{base}: {rows_for(base, asked)} rows, batch {asked.batch_size}, {asked.threads} "
        f"thread(s), {time.strftime('%Y-%m-%d')}, load {os.getloadavg()[0]:.1f}"
    )
    print("| contender | runs | tokens/s | tokens/CPU-s | held-out loss | hone / it, CPU | wall |")
    print("|---|---|---|---|---|---|---|")
    rates = {
        name: [
            statistics.median(run["tokens"] / run[clock] for run in found)
            for clock in ("wall", "cpu")
        ]
        for name, found in runs.items()
    }
    for name, found in runs.items():
        wall, cpu = rates[name]
        loss = statistics.median(run["loss"] for run in found)
        ratios = (
            [
                f"{ours / theirs:.2f}"
                for ours, theirs in zip(reversed(rates["hone"]), (cpu, wall), strict=True)
            ]
            if "hone" in rates
            else ["", ""]
        )
        print(
            f"| {name} | {len(found)} | {wall:,.0f} | {cpu:,.0f} | {loss:.3f} | "
            f"{' | '.join(ratios)} |"
        )


if __name__ == "__main__":
    main()
