"""Does each method learn? The same run with true and with shuffled labels, on rows it never saw.

    python benchmarks/methods_learn.py                          # every method, three seeds
    python benchmarks/methods_learn.py --method dpo --seeds 1
    python benchmarks/methods_learn.py --results found.json --minutes 4   # stop there, go on later
    python benchmarks/methods_learn.py --results found.json --minutes 0   # only print what is there

With --results every training is kept as soon as it is measured, and not run again; what --minutes
cuts off goes on from its checkpoint, to the same bits. The table is printed of the seeds that are
whole.

Data that none of us wrote, from the folder that HONE_TEST_DATA names. Answers come from
restaurant8k (messages with at least one slot, each once; a fifth of them is held out, by seed).
Pairs and judged answers come from SNIPS (BookRestaurant, its own validation file is asked): the
slots as published are the better answer; the worse one has two values exchanged, one slot missing,
or a value cut short, by seed. Scores come from USR (dialogue responses, six dimensions, three folds
that share no dialogue) and ELLIPSE (essays, seven dimensions, one split by seed).

grpo learns on the messages of one slot and at most 32 characters (a third is held out), from an
adapter that sft trained on all messages that are not held out, for a few epochs; its reward is the
task's own score (field F1 against the published slots). Its measure is the mean of that reward over
answers to the test rows, drawn as the training draws them (four to each, temperature 1), and of the
greedy ones; both also as the gain over where it began. Shuffled: pairs are turned round by a
coin; answers (so also rewards), judgements and scores are dealt out anew among the training rows.
Where no answer gets a reward that way, the engine ends the run (there is nothing to learn from),
and the adapter that it began with is measured.
Figures are taken at the last step, so nothing is chosen on the test rows.

One process, one thread; hone-nano. Intervals (95 %) are drawn over test rows, all seeds of a row
together; the last column shows the difference of each seed on its own.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import random
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import learning_measures as measures
import learning_sets as sets
import numpy as np
from learning_measures import BASE, Found
from learning_sets import Data, Row

from hone import shelf
from hone.errors import HoneError
from hone.records.job import Job
from hone.rendering.tokens import Renderer
from hone.stages.train.resolve import learning_rate_for
from hone.workspace.files import sha256_of
from hone.workspace.job_folder import JobFolder

PARAMETERS = 1_100_000
LORA = {"r": 16, "lora_alpha": 32, "lora_dropout": 0.0, "target_modules": "auto"}
DRAWS = 4000
KINDS = ("true", "shuffled")
SPENT = "cpu_seconds.txt"


class NothingToLearn(Exception):
    """The engine ended a run because every answer to a prompt got the same reward."""


class Study(NamedTuple):
    """A method on a set: how long it trains, how its labels are shuffled, and its own measures."""

    method: str
    data: Callable[[int], Iterator[Data]]
    epochs: float
    shuffle: Callable[[list[Row], random.Random], list[Row]]
    measure: Callable[[JobFolder, Data], Found]
    options: dict[str, Any] = {}  # noqa: RUF012
    begins_with: int = 0
    """Epochs of sft on the true rows before the method's own training; the gain over it counts."""


class Run(NamedTuple):
    """One training of a study."""

    key: str
    study: Study
    data: Data
    seed: int
    kind: str


DRAWN = {
    "training.batch_size": 32,
    "training.num_generations": 8,
    "training.max_completion_length": 32,
    "training.max_steps": 200,
    "training.learning_rate": 1e-3,
    "training.save_steps": 50,
}
SHORT = {"data.max_seq_length": 128}
STUDIES: dict[str, Study] = {
    "grpo, restaurant8k": Study(
        "grpo", sets.short_bookings, 1, sets.other_answers, measures.rewarded, DRAWN, begins_with=4
    ),
    "grpo (rloo), restaurant8k": Study(
        "grpo", sets.short_bookings, 1, sets.other_answers, measures.rewarded,
        {**DRAWN, "training.algorithm": "rloo"}, begins_with=4,
    ),
    "sft, restaurant8k": Study("sft", sets.bookings, 6, sets.other_answers, measures.answered),
    "dpo, SNIPS": Study("dpo", sets.pairs, 1, sets.turned, measures.preferred),
    "kto, SNIPS": Study("kto", sets.judged, 3, sets.other_labels, measures.preferred),
    "reward, SNIPS": Study("reward", sets.pairs, 3, sets.turned, measures.ranked),
    "regression, USR": Study(
        "regression", sets.usr, 4, sets.other_labels, measures.saved_error, SHORT
    ),
    "regression, ELLIPSE": Study(
        "regression", sets.ellipse, 2, sets.other_labels, measures.saved_error, SHORT
    ),
}  # fmt: skip


def main() -> int:
    asked = _arguments()
    print(
        f"{platform.processor() or platform.machine()}, Python {platform.python_version()}", end=""
    )
    print("".join(f", {name} {version(name)}" for name in ("torch", "transformers", "trl", "peft")))
    print(f"hone-nano {sha256_of(BASE / 'model.safetensors')[:8]}")
    print("\n| method, data | measure | true | shuffled | true - shuffled | of each seed | CPU s |")
    print("|---|---|---|---|---|---|---|")
    failed = 0
    for name, study in STUDIES.items():
        if asked.method and asked.method != study.method:
            continue
        failed += _report(name, study, asked) is False
    return 1 if failed else 0


def _report(name: str, study: Study, asked: argparse.Namespace) -> bool | None:
    """Print a line for each measure; whether the first tells both apart, None without a seed."""
    kept = _kept(asked.results)
    seeds: list[dict[str, list[dict[str, Any]]]] = []
    for seed in range(asked.seeds):
        parts = list(study.data(seed))
        found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
        for (place, data), kind in itertools.product(enumerate(parts), KINDS):
            key = f"{name}, seed {seed}, part {place}, {kind}"
            if key not in kept and time.monotonic() < asked.until:
                one = Run(key, study, data, seed, kind)
                if (measured := _measured(one, asked)) is not None:
                    kept[key] = measured
                    if asked.results:
                        asked.results.write_text(json.dumps(kept), encoding="utf-8")
            if key in kept:
                found[kind].append(kept[key])
        if all(len(found[kind]) == len(parts) for kind in KINDS):
            seeds.append(found)
    if not seeds:
        return None
    verdicts = [_print_line(name, one, seeds) for one in seeds[0]["true"][0]["values"]]
    return verdicts[0]


def _print_line(name: str, measure: str, seeds: list[dict[str, list[dict[str, Any]]]]) -> bool:
    rows = [row for one in seeds for part in one["true"] for row in part["rows"]]
    true, shuffled = (
        np.array([v for one in seeds for part in one[kind] for v in part["values"][measure]])
        for kind in KINDS
    )
    low, high = _interval(true - shuffled, rows)
    shown = [
        f"{one.mean():.3f} [{a:.3f}, {b:.3f}]"
        for one in (true, shuffled)
        for a, b in [_interval(one, rows)]
    ]
    apart = f"{(true - shuffled).mean():+.3f} [{low:+.3f}, {high:+.3f}]"
    each = " ".join(
        f"{np.subtract(*(_values(one[kind], measure) for kind in KINDS)).mean():+.3f}"
        for one in seeds
    )
    seconds = sum(part["cpu_seconds"] for one in seeds for kind in KINDS for part in one[kind])
    print(f"| {' | '.join((name, measure, *shown, apart, each, f'{seconds:.0f}'))} |", flush=True)
    return low > 0 or high < 0


def _values(parts: list[dict[str, Any]], measure: str) -> np.ndarray:
    return np.concatenate([part["values"][measure] for part in parts])


def _kept(path: Path | None) -> dict[str, Any]:
    if path is None or not path.is_file():
        return {}
    return json.loads(path.read_text(encoding="utf-8"))


def _measured(run: Run, asked: argparse.Namespace) -> dict[str, Any] | None:
    """One training and its measures on every test row; None where time ran out."""
    study, data, rows = run.study, run.data, run.data.train
    if run.kind == "shuffled":
        rows = study.shuffle(rows, random.Random(f"{study.method} {run.seed}"))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as aside:
        place = asked.results.with_suffix(".jobs") if asked.results else Path(aside)
        start = None
        if study.begins_with:
            # Both kinds and both algorithms begin from the very same adapter.
            first = run._replace(
                study=study._replace(method="sft", epochs=study.begins_with, options={}),
                data=data._replace(train=data.before),
            )
            folder = place / f"sft-{study.begins_with}-{run.seed}"
            if (start := _trained(folder, first, asked.until)) is None:
                return None
        changed = run._replace(data=data._replace(train=rows))
        folder = place / re.sub(r"\W+", "-", run.key)
        try:
            job = _trained(folder, changed, asked.until, start)
        except NothingToLearn:
            job = _as_it_began(folder, start)
        if job is None:
            return None
        found = study.measure(job, data)
        if start is not None:
            before = _before(start, study, data)
            gains = {f"gain of {name}": found[name] - before[name] for name in found}
            found = {**gains, **found}
        seconds = float((job.path / SPENT).read_text())
        shutil.rmtree(job.path)
    return {
        "values": {name: values.tolist() for name, values in found.items()},
        "rows": [row["id"] for row in data.test],
        "cpu_seconds": seconds,
    }


def _before(start: JobFolder, study: Study, data: Data) -> Found:
    """What the start is worth, measured once."""
    kept = start.path / "measured.json"
    if not kept.is_file():
        found = study.measure(start, data)
        kept.write_text(json.dumps({name: one.tolist() for name, one in found.items()}))
    return {name: np.array(one) for name, one in json.loads(kept.read_text()).items()}


def _trained(
    folder: Path, run: Run, until: float, start: JobFolder | None = None
) -> JobFolder | None:
    """Train in this process, from the adapter of `start` on; the finished job, or None."""
    job = JobFolder(folder) if (folder / "job.json").is_file() else _job(folder, run, start)
    spent = folder / SPENT
    if (job.final / "hone.json").is_file():
        return job
    began = time.process_time() - (float(spent.read_text()) if spent.is_file() else 0.0)
    job.clear_stop()
    alarm = threading.Timer(min(until - time.monotonic(), threading.TIMEOUT_MAX), job.request_stop)
    alarm.daemon = True
    alarm.start()
    try:
        figures = shelf.load("methods", run.study.method).run(job)
    except HoneError as error:
        if run.kind == "shuffled" and "nothing to learn from" in error.message:
            raise NothingToLearn from error
        raise
    finally:
        alarm.cancel()
    spent.write_text(str(time.process_time() - began))
    return None if figures is None else job


def _as_it_began(folder: Path, start: JobFolder | None) -> JobFolder:
    """A run whose rewards were all alike has learned nothing: its adapter is the one it had."""
    assert start is not None
    job = JobFolder(folder)
    shutil.copytree(start.final, job.final, dirs_exist_ok=True)
    (folder / SPENT).write_text("0")
    return job


def _job(folder: Path, run: Run, start: JobFolder | None) -> JobFolder:
    study, data = run.study, run.data
    method = shelf.load("methods", study.method)
    values: dict[str, Any] = {f"lora.{key}": value for key, value in LORA.items()}
    for name, field in method.Options.model_fields.items():
        section = (field.json_schema_extra or {}).get("section", "training")
        values[f"{section}.{name}"] = field.get_default(call_default_factory=True)
    rate = learning_rate_for(PARAMETERS, is_full=False) * getattr(method, "RATE_SHARE", 1.0)
    values |= {
        "training.epochs": study.epochs,
        "training.batch_size": 16,
        "training.learning_rate": rate,
        "training.dtype": "float32",
        "training.threads": 1,
        "training.seed": run.seed,
        "data.max_seq_length": 256,
        **study.options,
    }
    spec = {
        "method": study.method,
        "base": {"id": "hone-nano", "path": str(BASE), "sha256": "", "kind": "base"},
        "adapter": str(start.final) if start is not None else None,
        "dataset": {"name": "study@1", "sha256": "0" * 64},
        "task": data.task,
        "template": Renderer.load(BASE).fingerprint,
        "options": {key: {"value": value, "source": "benchmark"} for key, value in values.items()},
        "model_name": "study",
        "version": None,
        "device": "cpu",
    }
    job = Job(id=folder.name, kind="train", created_at=datetime.now(UTC), spec=spec)
    lines = "".join(json.dumps(row) + "\n" for row in data.train)
    return JobFolder.create(folder, job, inputs={"train.jsonl": lines})


def _interval(values: np.ndarray, rows: Sequence[str]) -> tuple[float, float]:
    """95 % of the means of rows drawn anew, with all values of a row drawn together."""
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(row, []).append(place)
    sums = np.array([values[one].sum() for one in places.values()])
    counts = np.array([len(one) for one in places.values()])
    dice = np.random.default_rng(0)
    drawn = dice.integers(0, len(sums), (DRAWS, len(sums)))
    low, high = np.quantile(sums[drawn].sum(1) / counts[drawn].sum(1), [0.025, 0.975])
    return float(low), float(high)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    methods = sorted({study.method for study in STUDIES.values()})
    parser.add_argument("--method", choices=methods, help="one method")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--results", type=Path, help="JSON of what was measured, to go on from")
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so many")
    asked = parser.parse_args()
    asked.until = time.monotonic() + asked.minutes * 60
    return asked


if __name__ == "__main__":
    sys.exit(main())
