"""How `hone train` ends where the job failed, or left nothing that could be registered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hone import loop
from hone.cli.train import finish
from hone.errors import HoneError
from hone.records.job import Result
from hone.stages import jobs
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace, init_workspace
from tests.faults.orders import training
from tests.targets.here import Here


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        yield workspace


def fails(folder: JobFolder) -> None:
    folder.append("failed", error="it broke", hint="mend it")


def leaves_nothing(folder: JobFolder) -> None:
    folder.write_result(Result())


def test_a_training_that_failed_ends_with_its_own_two_lines(ws: Workspace) -> None:
    job = jobs.launch(ws, training(), {}, target=Here(fails)).id
    with pytest.raises(HoneError) as told:
        finish(ws, job, "failed", json=False)
    assert (told.value.message, told.value.hint) == ("it broke", "mend it")
    with pytest.raises(HoneError) as told:
        loop.finish_training(ws, job)
    assert told.value.message == f"Job {job} ended as failed: it broke"
    assert told.value.hint == "mend it"


def test_a_training_that_left_no_model_says_so(ws: Workspace) -> None:
    job = jobs.launch(ws, training(), {}, target=Here(leaves_nothing)).id
    with pytest.raises(HoneError) as told:
        finish(ws, job, "succeeded", json=False)
    why = f"{job}: it left no model in final/."
    assert told.value.message == f"Not registered: {why}"
    assert told.value.hint == f"hone jobs show {job}"
    with pytest.raises(HoneError) as told:
        loop.finish_training(ws, job)
    assert told.value.message == f"Job {job} ended as succeeded: {why}"
    assert told.value.hint == f"hone jobs logs {job}"
