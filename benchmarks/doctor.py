"""The doctor on a large dataset: seconds and memory, at two sizes, each in a process of its own.

    python benchmarks/doctor.py                  # 50,000 and 100,000 rows
    python benchmarks/doctor.py --rows 2000

The rows are synthetic questions and answers of 30 words on average, drawn from 5,000 made-up
words; one in fifty nearly repeats an earlier one. A tenth each are val and test. The base is
hone-nano. Memory is the highest resident size of the process, the libraries included.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import resource
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hone.records.dataset import Manifest, SplitFile
from hone.records.task import Task
from hone.rendering.messages import template_fingerprint
from hone.stages.doctor import DoctorOptions, examine
from hone.workspace.files import sha256_of
from hone.workspace.open import init_workspace

SHARES = {"train": 0.8, "val": 0.1, "test": 0.1}


def make_rows(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Rows of the format sft; every fiftieth question changes one word of the one before."""
    dice = random.Random(seed)
    words = [
        "".join(dice.choices(string.ascii_lowercase, k=dice.randint(2, 9))) for _ in range(5000)
    ]
    before: list[str] = []
    for number in range(count):
        if number % 50 == 49:
            question = [*before[:-1], dice.choice(words)]
        else:
            question = dice.choices(words, k=dice.randint(15, 45))
        before = question
        answer = " ".join(dice.choices(words, k=dice.randint(5, 40)))
        yield {
            "id": f"e{number:07}",
            "prompt": [{"role": "user", "content": " ".join(question)}],
            "completion": [{"role": "assistant", "content": answer}],
        }


def look(count: int, seed: int) -> None:
    """Freeze and examine so many rows, and print what it took as a row of a table."""
    with tempfile.TemporaryDirectory() as place:
        ws = init_workspace(Path(place) / "ws", task=Task(kind="qa", name="bench"))
        folder = ws.datasets / "bench@1"
        folder.mkdir()
        rows, splits = make_rows(count, seed), {}
        for split, share in SHARES.items():
            path = folder / f"{split}.jsonl"
            with path.open("w") as file:
                for _, row in zip(range(round(count * share)), rows, strict=False):
                    file.write(json.dumps(row) + "\n")
            splits[split] = SplitFile(rows=round(count * share), sha256=sha256_of(path))
        manifest = Manifest(
            name="bench", version=1, task="bench", format="sft", seed=0, query={}, splits=splits,
            template=template_fingerprint(ws.task()), sha256="0" * 64,
        )  # fmt: skip
        begun, begun_cpu = time.perf_counter(), time.process_time()
        report = examine(ws, (manifest, folder), DoctorOptions())
        seconds, cpu = time.perf_counter() - begun, time.process_time() - begun_cpu
        ws.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    alike = sum(report.likeness.near.values()) + sum(report.likeness.near_leaks.values())
    tokens = sum(split.tokens for split in report.splits.values())
    took = f"{seconds:.1f} | {cpu:.1f} | {peak:,.0f}"
    print(f"| {count:,} | {tokens:,} | {alike:,} | {took} |", flush=True)


def main() -> None:
    """Print a table with a row for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--alone", action="store_true", help="this size only, without a head")
    given = parser.parse_args()
    if given.alone:
        look(given.rows, given.seed)
        return
    print(f"Python {platform.python_version()}, numpy {version('numpy')}, {platform.processor()}")
    print("| rows | tokens | nearly alike | seconds | CPU s | peak memory, MiB |")
    print("|---|---|---|---|---|---|", flush=True)
    for count in (given.rows // 2, given.rows):
        # A process keeps its highest memory, so each size gets a new one.
        words = [sys.executable, __file__, "--rows", str(count), "--seed", str(given.seed)]
        subprocess.run([*words, "--alone"], check=True)


if __name__ == "__main__":
    main()
