"""RunPod's bill of an endpoint takes the place of what was reckoned, where it is ours alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from hone.cli.run import run
from hone.stages import jobs
from hone.stages.configure import change_setting
from hone.stages.spend import spending
from hone.workspace.open import Workspace, init_workspace
from hone.workspace.submission_file import note_submission, submissions_of
from tests.faults.gates import wait_until
from tests.faults.orders import asked, training
from tests.faults.supervisors import supervised
from tests.serverless.scene import KEY, Serverless, serverless, set_environment

PLAN = {"seconds": [1.0, 240.0], "memory_gib": [1.0, 2.0]}
LATER = 3 * 3600.0


class Later:
    """The endpoint's own clock, as a clock of ours."""

    def __init__(self, scene: Serverless) -> None:
        self.scene = scene

    def now(self) -> float:
        return self.scene.jobs.clock.now()

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nothing is to be waited for ({seconds} s)")


@pytest.fixture
def endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serverless]:
    with serverless(tmp_path / "endpoint") as found:
        set_environment(found, monkeypatch)
        # A dollar an hour, where hone.yaml reckons with 3.6; and workers go when they are idle.
        state = found.jobs.endpoints[found.endpoint]
        state.settings = replace(state.settings, price_per_second=1 / 3600, idle_timeout_seconds=5)
        shown = found.control.account.inventory.endpoints[found.endpoint]
        shown["workers"]["idleTimeout"] = 5
        yield found


@pytest.fixture
def ws(tmp_path: Path, endpoint: Serverless) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        change_setting(workspace, "targets.runpod-serverless", json.dumps(endpoint.said))
        yield workspace


def carried_out(ws: Workspace, endpoint: Serverless) -> str:
    """A job that is over, and whose worker is gone."""
    job = asked(ws, training(fake={"steps": 1}, plan=PLAN).model_copy(update={"target": TARGET}))
    with supervised(ws):
        assert list(jobs.watch(ws, job))[-1] == "succeeded"
    endpoint.jobs.clock.advance(60.0)
    wait_until(lambda: endpoint.jobs.bill.alive() == [], "its worker is gone")
    return job


TARGET = "runpod-serverless"


def billed(endpoint: Serverless) -> float:
    """What RunPod's history says, of this endpoint alone."""
    answer = httpx.get(
        f"{endpoint.control.url}/v2/billing/serverless",
        params={"bucketSize": "hour", "serverlessId": endpoint.endpoint},
        headers={"Authorization": f"Bearer {KEY}"},
    ).json()
    assert {one["serverlessId"] for one in answer["records"]} == {endpoint.endpoint}
    return sum(one["totalAmount"] for one in answer["records"])


def reconciled(ws: Workspace, endpoint: Serverless) -> float:
    options = jobs.target_named(ws, TARGET).options
    return jobs.reconcile_endpoint(ws, options, clock=Later(endpoint))


def test_requests_of_the_same_hours_share_what_these_cost(
    ws: Workspace, endpoint: Serverless, capsys: pytest.CaptureFixture[str]
) -> None:
    made = [carried_out(ws, endpoint), carried_out(ws, endpoint)]
    reckoned = [ws.store.ledger.total(job=job) for job in made]
    assert reconciled(ws, endpoint) == 0.0  # its hours are not over: nothing is asked
    assert all(jobs.show(ws, job).billed_usd == 0 for job in made)
    endpoint.jobs.clock.advance(LATER)
    difference = reconciled(ws, endpoint)
    total = billed(endpoint)
    assert total > 0 and difference == pytest.approx(total - sum(reckoned), abs=1e-5)
    shares = [ws.store.ledger.total(job=job) for job in made]
    assert sum(shares) == pytest.approx(total, abs=1e-5)
    assert shares[0] / shares[1] == pytest.approx(reckoned[0] / reckoned[1], rel=0.02)
    for job, share in zip(made, shares, strict=True):
        (one,) = submissions_of(jobs.folder_of(ws, job)).submissions
        assert one.cost_of == "billed" and one.cost_usd == pytest.approx(share, abs=1e-6)
        (model,) = [found for found in ws.store.models.list() if found.model.job == job]
        metadata = json.loads((model.folder / "metadata.json").read_text())
        assert metadata["cost_usd"] == model.model.cost_usd == pytest.approx(share, abs=1e-6)
        assert metadata["runtime_seconds"] == 1.5
        status = jobs.show(ws, job)
        assert status.billed_usd == status.cost_usd == pytest.approx(share, abs=1e-6)
        assert ws.store.ledger.promised(job=job) == 0
    sums = {one.what: one for one in spending(ws, by="job").sums}
    assert all(sums[job].billed_usd == sums[job].spent_usd for job in made)
    assert reconciled(ws, endpoint) == 0.0  # once for all
    assert run(["jobs", "show", made[0], "--workspace", str(ws.root)]) == 0
    assert "(by the provider's bill)" in capsys.readouterr().out


def test_hours_in_which_somebody_else_used_the_endpoint_leave_our_own_figure(
    ws: Workspace, endpoint: Serverless, capsys: pytest.CaptureFixture[str]
) -> None:
    job = carried_out(ws, endpoint)
    reckoned = ws.store.ledger.total(job=job)
    endpoint.jobs.bill.rent("theirs", name=endpoint.endpoint, kind="serverless worker", at=0.0)
    endpoint.jobs.bill.meter("theirs", 9.0, endpoint.jobs.clock.now())
    endpoint.jobs.clock.advance(LATER)
    endpoint.jobs.bill.end("theirs", endpoint.jobs.clock.now())
    assert reconciled(ws, endpoint) == 0.0
    assert ws.store.ledger.total(job=job) == reckoned > 0
    (one,) = submissions_of(jobs.folder_of(ws, job)).submissions
    assert one.cost_of == "shared" and one.cost_usd is None
    assert run(["jobs", "show", job, "--workspace", str(ws.root)]) == 0
    assert "(measured here)" in capsys.readouterr().out


def test_a_kill_between_the_bill_and_the_ledger_is_mended_by_the_next(
    ws: Workspace, endpoint: Serverless
) -> None:
    job = carried_out(ws, endpoint)
    folder = jobs.folder_of(ws, job)
    (one,) = submissions_of(folder).submissions
    note_submission(folder, one.ticket, cost_of="billed", cost_usd=0.5)  # as a kill leaves it
    assert reconciled(ws, endpoint) == 0.0
    assert ws.store.ledger.total(job=job) == pytest.approx(0.5)
    (model,) = ws.store.models.list()
    assert json.loads((model.folder / "metadata.json").read_text())["cost_usd"] == 0.5


def test_workers_that_run_without_requests_leave_our_own_figure(
    ws: Workspace, endpoint: Serverless
) -> None:
    job = carried_out(ws, endpoint)
    endpoint.control.account.inventory.endpoints[endpoint.endpoint]["workers"]["min"] = 1
    endpoint.jobs.clock.advance(LATER)
    assert reconciled(ws, endpoint) == 0.0
    (one,) = submissions_of(jobs.folder_of(ws, job)).submissions
    assert one.cost_of == "shared"


def test_the_emulated_bill_is_by_endpoint_and_hour(ws: Workspace, endpoint: Serverless) -> None:
    carried_out(ws, endpoint)
    # The history counts parts of seconds, the emulator's own bill whole ones.
    total = endpoint.jobs.bill.total(endpoint.jobs.clock.now())
    assert billed(endpoint) == pytest.approx(total, abs=1 / 3600)
