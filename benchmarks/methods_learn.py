"""Does each method learn? The same run with true and with shuffled labels, on rows it never saw.

    python benchmarks/methods_learn.py                          # every method, three seeds
    python benchmarks/methods_learn.py --method dpo --seeds 1
    python benchmarks/methods_learn.py --results found.json --pieces 1    # one training, then stop

With --results every training is kept as soon as it is measured, and not run again; --pieces ends
after so many. The table is printed of what is there.

Data that none of us wrote, from the folder that HONE_TEST_DATA names. Pairs and judged answers come
from SNIPS (BookRestaurant): the slots as published are the better answer; the worse one has two
values exchanged, one slot missing, or a value cut short, by seed. Scores come from USR (dialogue
responses, six dimensions, five folds that share no dialogue) and ELLIPSE (essays, seven dimensions,
one split). grpo begins from an adapter that sft trained on the same rows for a few epochs; its
reward is the field F1 against the published slots, its measure that reward of greedy answers on
the test rows, as the gain over where it began. Shuffled: pairs are turned round by a coin;
answers, judgements and scores are dealt out anew among the training rows. Figures are taken
at the last step, so nothing is chosen on the test rows.
One process, one thread; hone-nano; bootstrap intervals (95 %) over test rows and seeds together.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from learning_sets import (
    Data,
    Row,
    answers,
    ellipse,
    judged,
    other_answers,
    other_labels,
    pairs,
    turned,
    usr,
)

from hone import shelf
from hone.records.job import Job
from hone.rendering.tokens import Renderer
from hone.stages.train.resolve import learning_rate_for
from hone.workspace.bases import SHIPPED
from hone.workspace.job_folder import JobFolder

BASE = SHIPPED["hone-nano"] if isinstance(SHIPPED, dict) else Path(SHIPPED) / "hone-nano"
PARAMETERS = 1_100_000
LORA = {"r": 16, "lora_alpha": 32, "lora_dropout": 0.0, "target_modules": "auto"}
DRAWS = 4000


class Study(NamedTuple):
    """A method on a set: how many epochs, how its labels are shuffled, and its own measure."""

    method: str
    data: Callable[[int], Iterator[Data]]
    epochs: int
    shuffle: Callable[[list[Row], random.Random], list[Row]]
    measure: Callable[[JobFolder, Data], np.ndarray]
    says: str
    options: dict[str, Any] = {}  # noqa: RUF012
    begins_with: int = 0
    """Epochs of sft on the true rows before the method's own training."""


def main() -> int:
    asked = _arguments()
    print(
        f"{platform.processor() or platform.machine()}, Python {platform.python_version()}", end=""
    )
    print("".join(f", {name} {version(name)}" for name in ("torch", "transformers", "trl", "peft")))
    print("\n| method, data | measure | true labels | shuffled | difference | CPU s |")
    print("|---|---|---|---|---|---|")
    failed = 0
    for name, study in STUDIES.items():
        if asked.method and asked.method != name.split(",")[0]:
            continue
        failed += _report(name, study, asked) is False
    return 1 if failed else 0


def _report(name: str, study: Study, asked: argparse.Namespace) -> bool | None:
    """Print one line; whether both runs differ surely, or None where trainings are missing."""
    kept = _kept(asked.results)
    values: dict[str, list[np.ndarray]] = {"true": [], "shuffled": []}
    seconds = 0.0
    for seed in range(asked.seeds):
        for place, data in enumerate(study.data(seed)):
            for kind, found in values.items():
                key = f"{name}, seed {seed}, part {place}, {kind}"
                if key not in kept:
                    if asked.pieces is not None and asked.pieces <= 0:
                        return None
                    kept[key] = _measured(name, study, data, (seed, kind))
                    asked.pieces = None if asked.pieces is None else asked.pieces - 1
                    if asked.results:
                        asked.results.write_text(json.dumps(kept), encoding="utf-8")
                found.append(np.array(kept[key]["values"]))
                seconds += kept[key]["cpu_seconds"]
    true, shuffled = (np.concatenate(values[kind]) for kind in ("true", "shuffled"))
    low, high = _interval(true - shuffled)
    shown = [
        f"{one.mean():.3f} [{a:.3f}, {b:.3f}]"
        for one in (true, shuffled)
        for a, b in [_interval(one)]
    ]
    apart = f"{(true - shuffled).mean():+.3f} [{low:+.3f}, {high:+.3f}]"
    cells = (name, study.says, *shown, apart, f"{seconds:.0f}")
    print(f"| {' | '.join(cells)} |", flush=True)
    return low > 0 or high < 0


def _kept(path: Path | None) -> dict[str, Any]:
    if path is None or not path.is_file():
        return {}
    return json.loads(path.read_text(encoding="utf-8"))


def _measured(name: str, study: Study, data: Data, which: tuple[int, str]) -> dict[str, Any]:
    """One training and its measure on every test row."""
    seed, kind = which
    began, rows = time.process_time(), data.train
    if kind == "shuffled":
        rows = study.shuffle(rows, random.Random(f"{name} {seed}"))
    with tempfile.TemporaryDirectory() as folder:
        start = None
        if study.begins_with:
            first = study._replace(method="sft", epochs=study.begins_with, options={})
            start = _trained(Path(folder) / "first", first, data, seed)
        changed = data._replace(train=rows)
        job = _trained(Path(folder) / "job", study, changed, seed, start)
        found = study.measure(job, data)
        if start is not None:
            found = found - study.measure(start, data)
    return {"values": found.tolist(), "cpu_seconds": time.process_time() - began}


def _trained(
    folder: Path, study: Study, data: Data, seed: int, start: JobFolder | None = None
) -> JobFolder:
    """Train in this process, from the adapter of `start` on; the finished job's folder."""
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
        "training.seed": seed,
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
    made = JobFolder.create(folder, job, inputs={"train.jsonl": lines})
    method.run(made)
    return made


# What the methods are measured by, one value per test row


def _exact(job: JobFolder, data: Data) -> np.ndarray:
    """1 where the greedy answer is the published one, character by character."""
    from hone.engine.answer import Answering, AnswerSpec
    from hone.engine.load import BaseSpec

    base = BaseSpec.of(job.job.spec["base"])
    answering = Answering(AnswerSpec(base, job.final, max_new_tokens=128, batch_size=32))
    prompts = list(Renderer.load(BASE).prompts([row["prompt"] for row in data.test]))
    right = np.zeros(len(prompts))
    for batch in answering.answers(prompts):
        for place, text, _ in batch:
            right[place] = text == data.test[place]["completion"][0]["content"]
    return right


def _rewarded(job: JobFolder, data: Data) -> np.ndarray:
    """Field F1 of the greedy answer against the published slots."""
    from hone.engine.answer import Answering, AnswerSpec
    from hone.engine.load import BaseSpec

    score = shelf.load("metrics", "json_fields").run
    base = BaseSpec.of(job.job.spec["base"])
    answering = Answering(AnswerSpec(base, job.final, max_new_tokens=128, batch_size=32))
    said = [""] * len(data.test)
    for batch in answering.answers(
        list(Renderer.load(BASE).prompts([row["prompt"] for row in data.test]))
    ):
        for place, text, _ in batch:
            said[place] = text
    return np.array(score(said, [row["completion"][0]["content"] for row in data.test]).per_example)


def _preferred(job: JobFolder, data: Data) -> np.ndarray:
    """1 where the better answer gained more over the base than the worse one, 0.5 for a tie."""
    from hone.engine.load import BaseSpec, load_base
    from hone.engine.lora import with_adapter

    spec = BaseSpec.of(job.job.spec["base"])
    gains = []
    for side in ("chosen", "rejected"):
        rows = [[*row["prompt"], *row[side]] for row in data.test]
        tuned = _log_likelihoods(with_adapter(load_base(spec), job.final), rows)
        gains.append(tuned - _log_likelihoods(load_base(spec), rows))
    return np.where(gains[0] > gains[1], 1.0, np.where(gains[0] == gains[1], 0.5, 0.0))


def _log_likelihoods(model: Any, conversations: list[list[Row]]) -> np.ndarray:
    import torch

    from hone.engine.collate import Collator, as_tensors

    rows = as_tensors(Renderer.load(BASE).training_rows(conversations, 256))
    found = []
    model.eval()
    with torch.no_grad():
        for start in range(0, len(rows), 32):
            batch = Collator(0)(rows[start : start + 32])
            logits = model(
                input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]
            ).logits
            labels = batch["labels"][:, 1:]
            chosen = (
                logits[:, :-1].log_softmax(-1).gather(-1, labels.clamp(min=0)[..., None])[..., 0]
            )
            found.append((chosen * (labels >= 0)).sum(-1).numpy())
    return np.concatenate(found)


def _ranked(job: JobFolder, data: Data) -> np.ndarray:
    """1 where the reward of the better answer is higher."""
    renderer = Renderer.load(BASE)
    rewards = [
        _scores(
            job,
            1,
            [
                renderer.training_row([*row["prompt"], *row[side]], 256).input_ids
                for row in data.test
            ],
        )[:, 0]
        for side in ("chosen", "rejected")
    ]
    return np.where(rewards[0] > rewards[1], 1.0, np.where(rewards[0] == rewards[1], 0.5, 0.0))


def _saved_error(job: JobFolder, data: Data) -> np.ndarray:
    """How much smaller the mean absolute error of a row is than that of the training rows' mean."""
    renderer = Renderer.load(BASE)
    wanted = np.array([row["labels"] for row in data.test])
    ids = [renderer.text_ids(row["text"])[:256] for row in data.test]
    given = _scores(job, wanted.shape[1], ids)
    mean = np.array([row["labels"] for row in data.train]).mean(0)
    return np.abs(mean - wanted).mean(1) - np.abs(given - wanted).mean(1)


def _scores(job: JobFolder, outputs: int, rows: list[list[int]]) -> np.ndarray:
    import torch

    from hone.engine.load import BaseSpec, ScoreHead, load_base
    from hone.engine.lora import with_adapter
    from hone.engine.scoring import ScoreCollator

    base = load_base(BaseSpec.of(job.job.spec["base"]), head=ScoreHead(outputs, 0))
    model = with_adapter(base, job.final).eval()
    found = []
    with torch.no_grad():
        for start in range(0, len(rows), 32):
            part = [{"input_ids": ids, "labels": [0.0]} for ids in rows[start : start + 32]]
            batch = ScoreCollator(0)(part)  # type: ignore[arg-type]
            found.append(
                model(
                    input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]
                ).logits.numpy()
            )
    return np.concatenate(found)


def _interval(values: np.ndarray) -> tuple[float, float]:
    dice = np.random.default_rng(0)
    means = [values[dice.integers(0, len(values), len(values))].mean() for _ in range(DRAWS)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


SAVED = "points of error saved against the mean"
STUDIES: dict[str, Study] = {
    "sft, SNIPS": Study("sft", answers, 12, other_answers, _exact, "exact match"),
    "dpo, SNIPS": Study("dpo", pairs, 4, turned, _preferred, "pairs preferred rightly"),
    "grpo, SNIPS": Study(
        "grpo", answers, 1, other_answers, _rewarded, "gain of field F1",
        options={
            "training.batch_size": 32,
            "training.num_generations": 8,
            "training.max_completion_length": 128,
        },
        begins_with=4,
    ),
    "kto, SNIPS": Study("kto", judged, 4, other_labels, _preferred, "pairs preferred rightly"),
    "reward, SNIPS": Study("reward", pairs, 6, turned, _ranked, "pairs ranked rightly"),
    "regression, USR": Study("regression", usr, 6, other_labels, _saved_error, SAVED),
    "regression, ELLIPSE": Study("regression", ellipse, 4, other_labels, _saved_error, SAVED),
}  # fmt: skip


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    methods: Sequence[str] = sorted({name.split(",")[0] for name in STUDIES})
    parser.add_argument("--method", choices=methods, help="one method")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--results", type=Path, help="JSON of what was measured, to go on from")
    parser.add_argument("--pieces", type=int, help="end after so many trainings")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
