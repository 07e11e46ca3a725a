"""What an endpoint cannot be asked for: too dear, of no price, stopped before it began."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hone.errors import Conflict, GateRefused
from hone.stages import jobs
from hone.stages.configure import change_setting
from hone.targets import runpod_serverless as target
from hone.targets._rest import BadKey
from hone.targets._serverless_account import worker_among, worker_of
from hone.workspace.job_folder import Ticket
from hone.workspace.open import Workspace, init_workspace
from hone.workspace.submission_file import submissions_of
from hone.workspace.targets_config import RunPodServerlessTarget
from tests.faults.gates import Gate, wait_until
from tests.faults.orders import job_folder, training
from tests.serverless.following import begun, options
from tests.serverless.scene import Serverless

NAME = "runpod-serverless"
PLAN = {"seconds": [1.0, 240.0], "memory_gib": [1.0, 2.0]}


@pytest.fixture
def ws(tmp_path: Path, endpoint: Serverless) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        change_setting(workspace, f"targets.{NAME}", str(endpoint.said))
        yield workspace


def test_what_may_cost_more_than_is_allowed_is_not_asked_for(ws: Workspace) -> None:
    job = training(plan=PLAN, budget_usd=0.01).model_copy(update={"target": NAME})
    jobs.submit(ws, job, {"train.jsonl": "{}\n"})
    folder, chosen = jobs.folder_of(ws, job.id), jobs.target_named(ws, NAME)
    with pytest.raises(GateRefused) as told:
        jobs.reserve_endpoint(ws, folder, Ticket(f"{job.id}.1", 0).token, chosen.options)
    # 240 s of training and 60 s to prepare, at $3.60 an hour.
    assert told.value.message == "cpu3c may cost $0.30, and $0.01 are allowed."
    assert told.value.hint.startswith("hone config set budget.per_job_usd N")
    assert ws.store.ledger.promised() == 0 and submissions_of(folder).submissions == []


def test_a_worker_whose_price_nobody_says_is_not_asked_for(endpoint: Serverless) -> None:
    setting = "hone config set targets.runpod-serverless.price_per_hour_usd"
    with pytest.raises(BadKey, match="RunPod lists no prices of processors") as told:
        worker_of(options(endpoint, price_per_hour_usd=None))
    assert told.value.hint == f"{setting} 0.2"
    with pytest.raises(BadKey, match="RunPod lists no price of NEW_999") as told:
        worker_among([], 1, RunPodServerlessTarget(), ["NEW_999"])
    assert told.value.hint == f"{setting} 4.2"


def test_without_an_endpoint_its_setup_is_named(endpoint: Serverless) -> None:
    nameless = options(endpoint, endpoint_id="${RUNPOD_ENDPOINT_ID}")
    with pytest.raises(
        BadKey, match=r"targets\.runpod-serverless\.endpoint_id names no end"
    ) as told:
        worker_of(nameless)
    assert told.value.hint.startswith("hone targets setup runpod-serverless")
    found = {one.name: one for one in target.check(nameless)}
    assert found["endpoint"].text == "targets.runpod-serverless.endpoint_id names no endpoint."
    assert found["endpoint"].mend == told.value.hint


def test_a_request_that_is_cancelled_in_the_queue_never_began(
    endpoint: Serverless, tmp_path: Path, gate: Gate
) -> None:
    busy = job_folder(tmp_path / "busy", waits_for_stop=True, gate=str(gate.path))
    begun(endpoint, busy)
    gate.wait("training")
    folder = job_folder(tmp_path)

    def asked() -> str | None:
        last = submissions_of(folder).last
        return last.id if last is not None else None

    with ThreadPoolExecutor(1) as beside:
        starting = beside.submit(target.start, folder, options(endpoint))
        wait_until(lambda: asked() is not None, "it was asked for")
        known = endpoint.jobs.endpoints[endpoint.endpoint]
        known.cancel(str(asked()), endpoint.jobs.clock.now())
        with pytest.raises(Conflict) as told:
            starting.result(60)
    name = folder.path.name
    assert told.value.message == f"Job {name} was stopped before it began."
    assert told.value.hint == "hone jobs list" and folder.state() == "cancelled"
    assert target.stop(busy, 20.0, options(endpoint)) == "stopped"
