"""SIGKILL of the supervisor around every step of a job whose way home is a bucket: one training."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulators.rp_s3.app import RunPodS3
from hone.stages import jobs
from hone.stages.configure import change_setting
from hone.supervisor.steps import SERVERLESS
from hone.workspace.open import Workspace, init_workspace
from hone.workspace.submission_file import submissions_of
from tests.faults.endpoint_orders import assert_a_lost_answer_begins_nothing_twice, order
from tests.faults.gates import Gate
from tests.faults.supervisors import killed_at, kills_of, supervised
from tests.serverless.own_bucket import files, said, set_keys
from tests.serverless.scene import Serverless


@pytest.fixture
def ws(
    tmp_path: Path, volumeless: Serverless, own: RunPodS3, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    set_keys(volumeless, monkeypatch)
    with init_workspace(tmp_path / "ws") as workspace:
        options = json.dumps({**volumeless.said, **said(own)})
        change_setting(workspace, "targets.runpod-serverless", options)
        yield workspace


# Steps that do something else with a bucket than with a volume.
OTHERWISE = ("upload", "submit", "follow", "give back")


def test_a_job_with_a_bucket_outlives_a_kill_before_and_after_each_of_its_steps(
    ws: Workspace, gate: Gate, volumeless: Serverless, own: RunPodS3
) -> None:
    before = set(volumeless.requests)
    job = order(ws, steps=2)
    for step, pause in kills_of([one for one in SERVERLESS if one.name in OTHERWISE]):
        killed_at(ws, gate, step, pause)
    with supervised(ws):
        assert list(jobs.watch(ws, job))[-1] == "succeeded"
    status = jobs.show(ws, job)
    assert (status.state, status.attempts) == ("succeeded", 1)
    assert jobs.folder_of(ws, job).log_tail(9) == ["the fake worker begins"]
    assert [model.model.job for model in ws.store.models.list()] == [job]
    assert ws.store.attempts.open() == []
    (request,) = set(volumeless.requests) - before
    (one,) = submissions_of(jobs.folder_of(ws, job)).submissions
    assert (one.id, one.ticket, one.is_open) == (request, f"{job}.1", False)
    assert [one.kind for one in ws.store.ledger.entries(job)] == ["reserved", "spent", "released"]
    assert not [name for name in files(own) if job in name]  # all is here: cleared


def test_a_kill_between_the_request_and_its_answer_makes_no_second_training(
    ws: Workspace, gate: Gate, volumeless: Serverless
) -> None:
    assert_a_lost_answer_begins_nothing_twice(ws, gate, volumeless)
