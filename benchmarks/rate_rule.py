"""The rule behind `learning_rate: auto`: is its rate as good as the best of a sweep?

    python benchmarks/rate_rule.py --results FILE --minutes 4.5   # again and again: goes on
    python benchmarks/rate_rule.py --results FILE --minutes 0     # the table of what there is

Adapters on two bases and two sets of messages that nobody here wrote (SNIPS and restaurant8k), at
rates from a sixth to four times the one that the rule gives a small base; the rest is what a
recipe without a rate gets, steps and batch chosen for minutes. The larger base, `wide`, is
hone-nano made twice as wide (hidden 256) without changing what it answers (Net2Net,
arXiv:1511.05641: every unit doubled, what reads it halved), with a little noise, so that the
halves can part: four times the weights of its layers.
The figure is exact match on messages that nobody trained on; where it is below 0.05 at every rate
it tells nothing, and field F1 is compared. One process, one thread.
Exits 1 where the rule's rate reaches less than 90 % of the best. The files come from the folder
that HONE_TEST_DATA names.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from learning_sets import Data, answers, bookings

from hone.errors import HoneError
from hone.methods import sft
from hone.methods._lora_options import LoraOptions
from hone.records.job import Job
from hone.rendering.tokens import Renderer
from hone.stages.train.resolve import learning_rate_for
from hone.workspace.bases import SHIPPED, read_shapes
from hone.workspace.job_folder import JobFolder

# In the order in which they are run: a sweep cut short has seen what matters most.
RATES = {"lora": (0.006, 0.004, 0.012, 0.002, 0.024, 0.001), "full": (0.0015, 0.001, 0.003, 0.0005)}
NANO = SHIPPED["hone-nano"]
BASES = ("nano", "wide")
KINDS = ("lora", "full")
SETS = {"restaurant8k": bookings, "snips": answers}
NOISE = 0.01
ENOUGH = 0.9
LEAST_EXACT = 0.05
LORA = {"r": 16, "lora_alpha": 32, "lora_dropout": 0.0}


class Cell(NamedTuple):
    """One training of the sweep."""

    base: str
    kind: str
    data: str
    rate: float
    seed: int


def cells(asked: argparse.Namespace) -> Iterator[Cell]:
    """Every training: set by set, so that a sweep is soon whole."""
    for base in asked.bases:
        for data in SETS:
            for kind in asked.kinds:
                for seed in asked.seeds:
                    for rate in asked.rates or RATES[kind]:
                        yield Cell(base, kind, data, rate, seed)


def widen(source: Path, folder: Path, *, noise: float = NOISE) -> Path:
    """A base twice as wide that answers as `source` does, up to the noise."""
    import torch
    from safetensors.torch import load_file, save_file

    config = json.loads((source / "config.json").read_text())
    for name in ("hidden_size", "intermediate_size", "num_attention_heads", "num_key_value_heads"):
        config[name] *= 2
    config["dtype"] = "float32"
    torch.manual_seed(0)
    wide: dict[str, Any] = {}
    for name, given in load_file(source / "model.safetensors").items():
        tensor = given.float()
        if name.endswith("embed_tokens.weight"):
            made = torch.cat([tensor, tensor], 1)
        elif tensor.dim() == 2:
            made = torch.cat([torch.cat([tensor, tensor], 1) / 2] * 2, 0)
            made = made + noise * made.std() * torch.randn_like(made)
        else:
            made = torch.cat([tensor, tensor])
        # The head is the embedding: without this its doubled units would double every logit.
        wide[name] = (made / 2 if name == "model.norm.weight" else made).contiguous()
    folder.mkdir(parents=True)
    save_file(wide, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copyfile(source / name, folder / name)
    return folder


def parameters_of(base: Path) -> int:
    """Weights of a base, as the train stage counts them."""
    count = 0
    for shape in read_shapes(base / "model.safetensors").values():
        part = 1
        for length in shape:
            part *= length
        count += part
    return count


def trained(cell: Cell, base: Path, data: Data, folder: Path, asked: argparse.Namespace) -> Path:
    """Train in this process by the method's own run; the finished job's folder."""
    is_full = cell.kind == "full"
    values: dict[str, Any] = {}
    for name, field in sft.Options.model_fields.items():
        extra: Any = field.json_schema_extra or {}
        values[f"{extra.get('section', 'training')}.{name}"] = field.default
    if not is_full:
        values |= {f"lora.{name}": one.default for name, one in LoraOptions.model_fields.items()}
        values |= {f"lora.{name}": value for name, value in LORA.items()}
    values |= {
        "training.max_steps": asked.steps,
        "training.batch_size": asked.batch_size,
        "training.learning_rate": cell.rate,
        "training.dtype": "float32",
        "training.threads": 1,
        "training.seed": cell.seed,
        "data.max_seq_length": 256,
    }
    spec = {
        "method": "sft",
        "base": {"id": cell.base, "path": str(base), "sha256": "", "kind": "base"},
        "dataset": {"name": "study@1", "sha256": "0" * 64},
        "task": data.task,
        "options": {key: {"value": value, "source": "benchmark"} for key, value in values.items()},
        "device": "cpu",
    }
    job = Job(id=folder.name, kind="train", created_at=datetime.now(UTC), spec=spec)
    lines = "".join(json.dumps(row) + "\n" for row in data.train)
    sft.run(JobFolder.create(folder, job, inputs={"train.jsonl": lines}))
    return folder


def asked_of(cell: Cell, base: Path, data: Data, final: Path) -> dict[str, float]:
    """Exact match and field F1 of greedy answers on the test rows."""
    from hone import shelf
    from hone.engine.answer import Answering, AnswerSpec
    from hone.engine.load import BaseSpec

    is_full = cell.kind == "full"
    model = BaseSpec(cell.base, final if is_full else base)
    spec = AnswerSpec(model, None if is_full else final, max_new_tokens=128, batch_size=32)
    prompts = list(Renderer.load(base).prompts([row["prompt"] for row in data.test]))
    said = [""] * len(prompts)
    for batch in Answering(spec).answers(prompts):
        for place, text, _ in batch:
            said[place] = text
    wanted = [row["completion"][0]["content"] for row in data.test]
    found: dict[str, float] = {"examples": len(wanted)}
    for name, metric in (("exact_match", "exact_match"), ("field_f1", "json_fields")):
        scores = shelf.load("metrics", metric).run(said, wanted).per_example
        found[name] = sum(map(float, scores)) / len(scores)
    return found


def run(cell: Cell, place: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Train and ask one cell."""
    (data,) = SETS[cell.data](cell.seed)
    data = data._replace(test=data.test[: asked.tests])
    base = NANO
    if cell.base == "wide":
        base = place / "wide"
        if not base.is_dir():
            widen(NANO, base)
    began = time.process_time()
    count = parameters_of(base)
    try:
        folder = trained(cell, base, data, place / "job", asked)
    except HoneError as error:  # it diverged, and the engine ended it: nothing was learned
        shutil.rmtree(place / "job")
        return {"parameters": count, "exact_match": 0.0, "field_f1": 0.0, "ended": error.message}
    seconds = time.process_time() - began
    found = asked_of(cell, base, data, folder / "final")
    shutil.rmtree(folder)
    whole = time.process_time() - began
    return {"parameters": count, **found, "train_cpu_seconds": seconds, "cpu_seconds": whole}


def show(results: dict[str, dict[str, Any]], asked: argparse.Namespace) -> bool:
    """The tables of what there is; whether the rule holds wherever a sweep is whole."""
    holds = True
    for kind in asked.kinds:
        rates = sorted(asked.rates or RATES[kind])
        print(
            f"| base, {kind} | data | figure | {' | '.join(f'{one:g}' for one in rates)} ", end=""
        )
        print("| rule's rate | rule / best |\n" + "|---" * (len(rates) + 5) + "|")
        for base in asked.bases:
            for data in SETS:
                swept = {
                    rate: [
                        results[key]
                        for seed in asked.seeds
                        if (key := key_of(Cell(base, kind, data, rate, seed), asked)) in results
                    ]
                    for rate in rates
                }
                line, share = _line(swept, is_full=kind == "full")
                print(f"| {base} | {data} | {line}", flush=True)
                holds = holds and share is not None and share >= ENOUGH
    return holds


def _line(swept: dict[float, list[dict[str, Any]]], *, is_full: bool) -> tuple[str, float | None]:
    def mean(rate: float, name: str) -> float:
        return sum(one[name] for one in swept[rate]) / len(swept[rate])

    there = [rate for rate in swept if swept[rate]]
    if not there:
        return "not run | " * (len(swept) + 3), None
    # What the rule says today: a result may be older than it.
    rule = learning_rate_for(swept[there[0]][0]["parameters"], is_full=is_full)
    is_exact = max(mean(rate, "exact_match") for rate in there) >= LEAST_EXACT
    figure = "exact_match" if is_exact else "field_f1"
    best = max(mean(rate, figure) for rate in there)
    share = mean(rule, figure) / best if best and rule in there else None
    shown = " | ".join(f"{mean(rate, figure):.3f}" if rate in there else "" for rate in swept)
    is_whole = len(there) == len(swept) and share is not None
    said = f"{share or 0.0:.2f}" if is_whole else "not whole"
    return f"{figure} | {shown} | {rule:g} | {said} |", share if is_whole else None


def key_of(cell: Cell, asked: argparse.Namespace) -> str:
    """What a training is kept by; another base, other steps or another rate are other results."""
    sha = hashlib.sha256((NANO / "model.safetensors").read_bytes()).hexdigest()[:8]
    parts = [sha, f"{asked.steps}x{asked.batch_size}", asked.tests, *cell]
    return " ".join(map(str, parts))


def arguments() -> argparse.Namespace:
    """What can be chosen; the defaults are those of the published figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1e9, help="begin nothing after so many")
    parser.add_argument("--steps", type=int, default=240)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--tests", type=int, default=120, help="rows asked, at most")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--bases", nargs="+", choices=BASES, default=list(BASES))
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=["lora"])
    parser.add_argument("--rates", type=float, nargs="+", help="instead of those of the figures")
    parser.add_argument("--results", type=Path, help="JSON lines; what stands there is not run")
    return parser.parse_args()


def main() -> int:
    """Run what is missing, as long as there is time; print the table."""
    asked = arguments()
    results: dict[str, dict[str, Any]] = {}
    if asked.results and asked.results.is_file():
        for line in asked.results.read_text().splitlines():
            one = json.loads(line)
            results[one.pop("key")] = one
    began = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        for cell in cells(asked):
            key = key_of(cell, asked)
            if key in results:
                continue
            if time.monotonic() - began > asked.minutes * 60:
                break
            results[key] = run(cell, Path(place), asked)
            if asked.results:
                with asked.results.open("a") as file:
                    file.write(json.dumps({"key": key, **results[key]}) + "\n")
    print(f"{asked.steps} steps of {asked.batch_size} rows, seeds {asked.seeds}, one thread")
    return 0 if show(results, asked) else 1


if __name__ == "__main__":
    sys.exit(main())
