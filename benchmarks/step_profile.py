"""Where a step of the default recipe spends its time: torch's profiler over some steps.

    python benchmarks/step_profile.py [--steps 40] [--batch-size N] [--threads 1] [--base FOLDER]

The worker's own training (events included) in a process of its own with the launcher's
environment: forward, backward and optimizer, after some steps that are not looked at. Shares are of
the time inside torch's operators, each counted without what it calls. What Python does between
them is not in it, and the profiler itself makes small operators look dearer than they are. It reads
a clock: on a busy machine a wait counts where it falls, which over many steps is everywhere alike.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from trainings import make_folder

REPOSITORY = Path(__file__).resolve().parents[1]

NANO = REPOSITORY / "src/hone/bundled/hone-nano"
UNWATCHED_STEPS = 5
# The first kind whose word stands in an operator's name; in this order.
KINDS: dict[str, tuple[str, ...]] = {
    "optimizer and clipping": (
        "optimizer", "_foreach", "_fused", "addcmul", "addcdiv", "vector_norm",
    ),
    "attention": ("scaled_dot_product", "flash_attention"),
    "dropout and its random numbers": ("dropout", "bernoulli", "random"),
    "matrix products": ("::mm", "::addmm", "::bmm", "::matmul", "::linear"),
    "loss": ("log_softmax", "nll_loss", "cross_entropy", "logsumexp"),
    "normalising": ("rsqrt", "rms_norm", "layer_norm", "::mean", "::pow"),
    "copies, casts and views": (
        "copy", "::cat", "::to", "clone", "contiguous", "index", "gather", "scatter", "embedding",
        "empty", "zero", "fill", "view", "reshape", "slice", "select", "transpose", "::t",
        "expand", "as_strided", "detach", "unsqueeze", "narrow", "::item", "_local_scalar",
    ),
    "sums and products by element": (
        "mul", "add", "silu", "sigmoid", "neg", "div", "sub", "sum", "sqrt", "cos", "sin",
    ),
}  # fmt: skip
REST = "everything else"


def kind_of(operator: str) -> str:
    """What an operator of torch is for."""
    return next(
        (kind for kind, words in KINDS.items() if any(word in operator.lower() for word in words)),
        REST,
    )


def profiled(folder: Path, steps: int) -> dict[str, Any]:
    """Train the job as the worker does; the profiler looks at the last steps."""
    import torch
    from torch.profiler import ProfilerActivity, profile
    from transformers import TrainerCallback

    from hone.engine import train_loop
    from hone.engine.watch import Habits, Watch
    from hone.methods._training_options import chosen
    from hone.methods.sft import Options, built
    from hone.workspace.job_folder import JobFolder

    job = JobFolder(folder)
    options, lora = chosen(job.job.spec["options"], Options)
    torch.set_num_threads(int(options.threads or 1))
    trainer, _ = built(job, options, lora)
    watcher = profile(activities=[ProfilerActivity.CPU])

    class Looking(TrainerCallback):
        def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step == UNWATCHED_STEPS:
                self.tokens, self.began = trainer.tokens_seen, time.process_time()
                watcher.start()

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step == UNWATCHED_STEPS + steps:
                watcher.stop()
                self.seconds = time.process_time() - self.began
                self.tokens = trainer.tokens_seen - self.tokens

    looking = Looking()
    trainer.add_callback(looking)
    habits = Habits(options.logging_steps, options.save_minutes, None, None)
    train_loop.train(trainer, Watch(trainer, job, habits), resume_from=None)
    operators = {one.key: one.self_cpu_time_total / 1e6 for one in watcher.key_averages()}
    return {"operators": operators, "seconds": looking.seconds, "tokens": looking.tokens}


def show(found: dict[str, Any], asked: argparse.Namespace) -> None:
    """The table, with the dearest operators of each kind."""
    operators: dict[str, float] = found["operators"]
    whole = sum(operators.values())
    kinds: dict[str, dict[str, float]] = {}
    for name, seconds in operators.items():
        kinds.setdefault(kind_of(name), {})[name] = seconds
    print(
        f"{asked.base.name}: {asked.steps} steps of {asked.batch_size} rows, {asked.threads} "
        f"thread(s), {found['tokens']:,} tokens, {whole:.2f} s by the clock in operators, "
        f"{found['seconds']:.2f} CPU s in all, {time.strftime('%Y-%m-%d')}, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    parts = ("torch", "transformers", "trl", "peft")
    print(
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, {', '.join(f'{name} {version(name)}' for name in parts)}"
    )
    print("| kind | share of the operators' time | dearest operators |\n|---|---|---|")
    for kind, one in sorted(kinds.items(), key=lambda pair: -sum(pair[1].values())):
        dearest = sorted(one, key=lambda name: -one[name])[:2]
        names = ", ".join(f"`{name}`" for name in dearest)
        print(f"| {kind} | {sum(one.values()) / whole:.1%} | {names} |")


def main() -> None:
    """Measure in a process of its own, and print the table."""
    from hone.methods.sft import Options

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument(
        "--batch-size", type=int, default=Options.model_fields["batch_size"].default
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--base", type=Path, default=NANO)
    parser.add_argument("--child", type=Path)
    asked = parser.parse_args()
    if asked.child:
        print("FIGURES " + json.dumps(profiled(asked.child, asked.steps)))
        return
    asked.rows, asked.epochs = (UNWATCHED_STEPS + asked.steps) * asked.batch_size, 1
    with tempfile.TemporaryDirectory() as place:
        folder = make_folder(Path(place) / "train-profile", asked.base, asked)
        environment = json.loads((folder / "job.json").read_text())["spec"]["environment"]
        done = subprocess.run(
            [sys.executable, __file__, "--child", str(folder), "--steps", str(asked.steps)],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
    lines = [line for line in done.stdout.splitlines() if line.startswith("FIGURES ")]
    if not lines:
        raise SystemExit(f"it failed:\n{done.stderr[-3000:]}")
    show(json.loads(lines[-1].removeprefix("FIGURES ")), asked)


if __name__ == "__main__":
    main()
