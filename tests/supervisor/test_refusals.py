"""What goes wrong at a step ends the attempt: a bug of ours, what cannot be taken in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hone.errors import HoneError
from hone.records.job import Result
from hone.stages import jobs
from hone.supervisor.carry import Carrier
from hone.supervisor.case import Case, Step
from hone.supervisor.steps import register
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace, init_workspace
from tests.faults.orders import asked, training
from tests.targets.here import Here


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        yield workspace


def carried(ws: Workspace, job: str, *steps: Step) -> str:
    plan: Any = {"local": steps, "ssh": steps}
    return Carrier(ws).carry(plan, (job, 1), lambda _name, act: act())


def test_a_bug_at_a_step_fails_the_job_and_says_where_more_is_told(ws: Workspace) -> None:
    def breaks(case: Case, is_again: bool) -> str:
        raise ZeroDivisionError("oops")

    job = asked(ws, training())
    said = "The supervisor failed at start: ZeroDivisionError('oops')."
    assert carried(ws, job, Step("start", breaks)) == said
    status = jobs.show(ws, job)
    assert (status.state, status.error) == ("failed", said)
    assert "supervisor.log says more" in status.hint


def test_what_a_job_left_and_cannot_be_taken_in_ends_the_attempt_with_the_reason(
    ws: Workspace,
) -> None:
    job = asked(ws, training())
    folder = JobFolder(ws.jobs / job)
    Here(lambda found: found.write_result(Result())).start(folder)
    why = f"{job}: it left no model in final/."
    assert carried(ws, job, Step("register", register)) == why
    attempt = ws.store.attempts.newest(job)
    assert attempt is not None and not attempt.is_open
    case = Case(ws, attempt, folder.job, folder, jobs.target_named(ws, "local"))
    with pytest.raises(HoneError) as told:
        register(case, False)
    assert (told.value.message, told.value.hint) == (why, f"hone jobs show {job}")
