"""Every target keeps the same contract, so that stages need not know which one they have."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import BaseModel, ValidationError

from hone import shelf
from hone.errors import Conflict
from hone.records.job import Job
from hone.workspace.job_folder import Identity, JobFolder
from tests.faults.gates import FAKE_WORKER, Gate, wait_until

ORDER = ("Options", "LIMITS", "start", "is_alive", "stop", "release")


@pytest.fixture(params=shelf.names("targets"))
def target(request: pytest.FixtureRequest) -> ModuleType:
    return shelf.load("targets", request.param)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    opened = Gate(tmp_path)
    yield opened
    opened.close()


def make_folder(tmp_path: Path, **fake: object) -> JobFolder:
    job = Job(id="train-1", kind="train", created_at=datetime.now(UTC), spec={"fake": fake})
    return JobFolder.create(tmp_path / "jobs" / job.id, job)


def test_a_target_file_has_its_parts_in_the_shelf_s_order(target: ModuleType) -> None:
    document = target.__doc__ or ""
    assert all(word in document for word in ("Needs:", "Gives:", "Source:"))
    source = inspect.getsource(target)
    places = [source.index(f"class {ORDER[0]}"), source.index(f"\n{ORDER[1]}")]
    places += [source.index(f"\ndef {verb}(") for verb in ORDER[2:]]
    assert places == sorted(places)


def test_options_describe_every_field_and_refuse_others(target: ModuleType) -> None:
    assert issubclass(target.Options, BaseModel)
    assert all(field.description for field in target.Options.model_fields.values())
    with pytest.raises(ValidationError):
        target.Options.model_validate({"no_such_option": 1})
    json.dumps(target.Options.model_json_schema())


def test_limits_are_sentences_and_the_price_is_a_number(target: ModuleType) -> None:
    assert target.LIMITS and all(limit.endswith(".") for limit in target.LIMITS)
    assert target.PRICE_PER_HOUR_USD >= 0


def test_a_target_loads_nothing_heavy(target: ModuleType) -> None:
    code = (
        f"import sys, {target.__name__}\n"
        "heavy = {'torch', 'transformers', 'sqlalchemy', 'ray', 'sky'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_start_says_who_works_and_a_second_start_is_refused(
    target: ModuleType, tmp_path: Path, gate: Gate
) -> None:
    folder = make_folder(tmp_path, pause_at="between events", gate=str(gate.path))
    assert not target.is_alive(folder)
    start = partial(target.start, command=FAKE_WORKER)
    identity = start(folder)
    assert isinstance(identity, Identity) and target.is_alive(folder)
    gate.wait("between events")
    with pytest.raises(Conflict):
        start(folder)
    with pytest.raises(Conflict):
        target.release(folder)
    assert target.stop(folder, 0.0) in ("terminated", "killed")
    assert not target.is_alive(folder) and target.stop(folder, 0.0) == "not running"
    target.release(folder)
    target.release(folder)  # giving back twice is harmless


def test_a_job_runs_to_its_result(target: ModuleType, tmp_path: Path) -> None:
    folder = make_folder(tmp_path, steps=2)
    target.start(folder, command=FAKE_WORKER)
    wait_until(lambda: not target.is_alive(folder), "the worker ends")
    assert folder.state() == "succeeded" and folder.log_tail(1)
