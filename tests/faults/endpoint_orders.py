"""Trainings asked of an endpoint, and an answer to a request that its asker never got."""

from __future__ import annotations

from hone.stages import jobs
from hone.workspace.open import Workspace
from tests.faults.gates import Gate
from tests.faults.orders import asked, training
from tests.faults.supervisors import killed_at, starts_of, supervised
from tests.serverless.scene import Serverless


def order(ws: Workspace, **fake: object) -> str:
    plan = {"seconds": [1.0, 240.0], "memory_gib": [1.0, 2.0]}
    job = training(fake=fake, plan=plan).model_copy(update={"target": "runpod-serverless"})
    return asked(ws, job)


def assert_a_lost_answer_begins_nothing_twice(
    ws: Workspace, gate: Gate, endpoint: Serverless
) -> None:
    """A kill between the request and its answer: one worker trains, once, and can be stopped."""
    before = set(endpoint.requests)
    job = order(ws, waits_for_stop=True, gate=str(gate.path))
    killed_at(ws, gate, "submit", "after")
    # As a kill leaves it that comes after the request went out, and before its answer came.
    path = jobs.folder_of(ws, job).path / "serverless.json"
    (sent,) = set(endpoint.requests) - before
    path.write_text(path.read_text().replace(f'"{sent}"', "null"))
    with supervised(ws):
        gate.wait("training")
        jobs.ask_to_stop(ws, job)
        assert list(jobs.watch(ws, job))[-1] == "cancelled"
    assert starts_of(ws, job) == 1
    assert jobs.show(ws, job).attempts == 1
    again = set(endpoint.requests) - before - {sent}
    assert len(again) <= 1  # a second one is taken back, or does nothing
