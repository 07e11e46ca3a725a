"""The contract of the methods shelf, over every choice on it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from hone.shelf import load, names
from tests.engine.small import (
    copy_rows,
    frozen,
    judged_rows,
    make_job,
    make_small_base,
    pair_rows,
    scored_rows,
)
from tests.loop.kills import Start, prepared, run_to_end

CHOICES = names("methods")
# What plans, guards and the web form read from every method.
SHARED = set(
    "dry_run epochs max_steps batch_size gradient_accumulation_steps learning_rate seed "
    "keep_checkpoints dtype threads max_seq_length".split()
)
ROWS = {"sft": copy_rows, "dpo": pair_rows, "kto": judged_rows, "regression": scored_rows}
SCORED = {"kind": "score", "name": "words", "dimensions": ["words", "milk"], "scale": [0, 20]}


@pytest.fixture(params=CHOICES)
def method(request: pytest.FixtureRequest) -> ModuleType:
    return load("methods", request.param)


def test_every_method_has_the_options_that_plans_read(method: ModuleType) -> None:
    assert set(method.Options.model_fields) >= SHARED
    sections = {
        (field.json_schema_extra or {}).get("section", "training")
        for field in method.Options.model_fields.values()
    }
    assert sections <= {"training", "data"}
    method.Options()


def test_every_method_names_the_formats_that_it_reads(method: ModuleType) -> None:
    assert method.FORMATS and set(method.FORMATS) <= set(names("formats"))


def test_every_method_says_its_limits_and_loads_no_torch() -> None:
    loading = "; ".join(f"load('methods', {name!r}).Options()" for name in CHOICES)
    script = (
        f"from hone.shelf import load; {loading}; import sys; "
        "found = {'torch', 'transformers', 'trl', 'peft', 'sqlalchemy'} & set(sys.modules); "
        "assert not found, found"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert all(load("methods", name).LIMITS for name in CHOICES)


@pytest.fixture(scope="module")
def begin() -> Iterator[Start]:
    with prepared("1") as start:
        yield start


# The loss of grpo is near 0 by construction; that its reward rises is held in tests/loop.
@pytest.mark.loop
@pytest.mark.parametrize("name", [name for name in CHOICES if name != "grpo"])
def test_every_method_learns_its_rows_by_heart(name: str, tmp_path: Path, begin: Start) -> None:
    base = make_small_base(tmp_path / "base")
    options = frozen(
        is_lora=False,
        method=name,
        **{"training.epochs": 40, "training.learning_rate": 5e-3, "training.save_steps": 100_000},
    )
    kind = load("methods", name).FORMATS[0]
    folder = make_job(
        tmp_path / "train-1",
        base,
        options=options,
        rows=(ROWS[kind](8), []),
        method=name,
        **({"task": SCORED} if kind == "regression" else {}),
    )
    assert run_to_end(folder, begin) == 0, folder.log.read_text()
    losses = [
        (event.model_extra or {})["values"]["loss"]
        for event in folder.events()
        if event.type == "metric"
    ]
    assert losses[-1] < 0.3 * losses[0]
