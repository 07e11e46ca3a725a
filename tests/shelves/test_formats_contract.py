"""What every format promises."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest

from hone import shelf
from hone.formats._made import Reason
from hone.records.example import Example
from hone.records.review import STATUS_OF, Reviewed
from hone.stages.prepare.layouts import LAYOUTS
from tests.tasks.kinds import SAMPLES

CHOICES = shelf.names("formats")
OTHERS = {
    "qa": {"answer": "A debt."},
    "extract": [],
    "score": {"labels": {"agency": 1, "progress": 1}},
    "chat": {"reply": "Go away"},
}


@pytest.fixture(params=CHOICES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def module(name: str) -> ModuleType:
    return shelf.load("formats", name)


def tasks_of(name: str) -> list[str]:
    return [one for one in shelf.names("tasks") if name in shelf.load("tasks", one).FORMATS]


def example(kind: str, status: str) -> Reviewed:
    """The sample of a kind of task as somebody left it, with another suggestion beside it."""
    sample = SAMPLES[kind]
    output = None if status in ("rejected", "pending") else sample.output
    suggestions = [
        {"agent": "import", "output": sample.output},
        {"agent": "rules", "output": OTHERS[kind]},
    ]
    given = Example.model_validate(
        {
            "id": "x1",
            "task": sample.task.name,
            "input": sample.input,
            "output": output,
            "suggestions": suggestions,
            "context": [{"text": f"Before. {sample.answer} After."}],
            "fingerprint": "f",
            "status": status,
        }
    )
    return Reviewed(given, OTHERS[kind] if status in ("rejected", "edited") else None)


def test_a_format_says_what_it_reads(module: ModuleType, name: str) -> None:
    assert set(module.STATUSES) <= set(STATUS_OF.values()) and module.STATUSES
    assert module.NEEDS and not module.NEEDS.endswith(".")
    assert isinstance(module.KEEPS_TWINS, bool)
    assert module.Options()
    assert tasks_of(name), f"no kind of task can be written as {name}"
    assert name in LAYOUTS["trl"]


@pytest.mark.parametrize("status", sorted(set(STATUS_OF.values())))
def test_whatever_was_decided_gives_rows_or_reasons(
    name: str, module: ModuleType, status: str
) -> None:
    for kind in tasks_of(name):
        options = module.Options()
        made = module.run(SAMPLES[kind].task, example(kind, status), options)
        assert made.rows or made.refused
        for row in made.rows:
            assert row["id"] == "x1" and row["weight"] == 1.0
            assert json.loads(json.dumps(row, allow_nan=False)) == row
        for reason, detail in made.refused:
            assert reason.islower() and reason.replace("_", "").isalpha()
            assert detail.endswith((".", ").")) and " " in detail


def test_what_a_format_reads_is_enough_for_a_row(name: str, module: ModuleType) -> None:
    for kind in tasks_of(name):
        for status in module.STATUSES:
            made = module.run(SAMPLES[kind].task, example(kind, status), module.Options())
            assert made.rows, (kind, status, made.refused)


def test_every_option_is_documented(module: ModuleType, repository: Path) -> None:
    page = (repository / "docs/reference/formats.md").read_text()
    assert not [option for option in module.Options.model_fields if f"`{option}`" not in page]


def test_every_reason_is_documented(repository: Path) -> None:
    page = (repository / "docs/reference/formats.md").read_text()
    assert not [reason for reason in get_args(Reason) if f"`{reason}`" not in page]


def test_formats_load_nothing_heavy() -> None:
    loading = "; ".join(f"load('formats', {name!r}).Options()" for name in CHOICES)
    script = (
        f"from hone.shelf import load; {loading}; import sys; "
        "found = {'torch', 'transformers', 'sqlalchemy', 'polars', 'numpy'} & set(sys.modules); "
        "assert not found, found"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
