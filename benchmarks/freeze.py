"""Freezing a dataset: near-duplicates, quarantine, splits and files, at two sizes.

    python benchmarks/freeze.py                  # 50,000 and 100,000 examples
    python benchmarks/freeze.py --examples 2000

The examples are synthetic questions and answers of 40 words on average, drawn from 5,000 made-up
words; one in fifty nearly repeats an earlier one. Half of the size is built first: linear work
takes half the time. The second build of the larger size, with everything pinned and nothing
changed, is timed too.
"""

from __future__ import annotations

import argparse
import platform
import random
import resource
import string
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from hone.records.example import Example, Suggestion
from hone.records.task import Task
from hone.stages.prepare import Built, build_dataset
from hone.workspace.open import Workspace, init_workspace
from hone.workspace.store import Filter, new_example


def make_examples(count: int, seed: int) -> Iterator[Example]:
    """Questions and answers; every fiftieth question changes one word of the one before."""
    dice = random.Random(seed)
    words = [
        "".join(dice.choices(string.ascii_lowercase, k=dice.randint(2, 9))) for _ in range(5000)
    ]
    before: list[str] = []
    for number in range(count):
        if number % 50 == 49:
            question = [*before[:-1], dice.choice(words)]
        else:
            question = dice.choices(words, k=dice.randint(25, 55))
        before = question
        answer = " ".join(dice.choices(words, k=dice.randint(5, 40)))
        yield Example.model_construct(
            id=f"e{number:07}",
            task="bench",
            input={"question": " ".join(question)},
            suggestions=[Suggestion(agent="import", output={"answer": answer})],
            fingerprint=str(number),
        )


def prepared(folder: Path, count: int, seed: int) -> Workspace:
    """A workspace with `count` accepted examples."""
    workspace = init_workspace(folder, task=Task(kind="qa", name="bench"))
    rows = (new_example(one, search="") for one in make_examples(count, seed))
    workspace.store.examples.add_many(rows)
    workspace.store.journal.bulk("all", "accept", Filter(status=("pending",)), reviewer="bench")
    return workspace


def timed_build(workspace: Workspace) -> tuple[Built, float]:
    """The build and its seconds."""
    begun = time.perf_counter()
    built = build_dataset(workspace, "bench")
    return built, time.perf_counter() - begun


def main() -> None:
    """Print one line per build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(f"Python {platform.python_version()}, numpy {version('numpy')}, {platform.processor()}")
    print("| examples | build | seconds | kept out | peak memory, MiB |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for count in (given.examples // 2, given.examples):
            with prepared(Path(folder) / str(count), count, given.seed) as workspace:
                for name in ("first", "again") if count == given.examples else ("first",):
                    built, seconds = timed_build(workspace)
                    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                    print(
                        f"| {count:,} | {name} | {seconds:.1f} | {built.manifest.kept_out} | "
                        f"{peak:.0f} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
