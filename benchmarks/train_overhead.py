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
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from trainings import make_folder, run_hone, run_trl

REPOSITORY = Path(__file__).resolve().parents[1]

CONTENDERS = ("hone", "trl", "trl-same")


def child(name: str, folder: Path) -> None:
    """One contender in this process; its figures are the last line of output."""
    found = (
        run_hone(folder)
        if name == "hone"
        else run_trl(folder, is_checkpointed=False, is_grouped=name == "trl-same")
    )
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
