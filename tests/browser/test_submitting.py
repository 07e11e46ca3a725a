"""A training on an emulated endpoint as one sees it: the price, the queue, the steps, the end."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hone.loop import Workspace, init_workspace
from hone.stages import jobs
from hone.stages.configure import change_setting
from tests.browser.seat import Seat
from tests.serverless.scene import KEY, SECRET, Serverless, serverless, set_environment
from tests.stages.training_set import freeze

if TYPE_CHECKING:
    from playwright.sync_api import Route

PACED = Path(__file__).with_name("paced_worker.py")
ENDS_MS = 60_000


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serverless]:
    with serverless(tmp_path / "there") as found:
        set_environment(found, monkeypatch)
        found.run((sys.executable, str(PACED), str(tmp_path)))
        yield found


@pytest.fixture
def ws(tmp_path: Path, scene: Serverless) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        freeze(workspace, "faith", 24, 4)
        change_setting(workspace, "targets.runpod-serverless", json.dumps(scene.said))
        yield workspace
        for one in jobs.list_jobs(workspace):
            if one.state in ("waiting", "running"):
                jobs.stop(workspace, one.id)


def test_it_is_agreed_to_submitted_waited_for_followed_and_measured(
    ws: Workspace, tmp_path: Path, serve: Callable[..., str], sit: Callable[..., Seat]
) -> None:
    seat = sit(serve(ws)).open("#/train")
    held: list[Route] = []
    seat.page.route("**/api/trainings", lambda route: held.append(route))
    seat.page.locator(".choice-card", has_text="runpod-serverless").click()
    seat.click("Start Training")
    asked = seat.page.locator("dialog")
    asked.get_by_text("Train faith?").wait_for()
    assert re.search(r"\$0\.\d\d to \$\d\.\d\d", asked.inner_text())
    asked.get_by_role("button", name="Start Training").click()
    seat.sees("Submitting job...")
    (route,) = held
    route.continue_()
    seat.page.wait_for_url(re.compile("#/jobs"))
    seat.sees("Waiting in queue...")
    (tmp_path / "claim").touch()
    seat.page.get_by_text("Training in progress...").wait_for(timeout=ENDS_MS)
    seat.sees("1 of 3").page.locator(".job-watched [role=progressbar]").wait_for()
    (tmp_path / "finish").touch()
    seat.page.get_by_role("heading", name="Final metrics").wait_for(timeout=ENDS_MS)
    seat.sees("Validation loss").sees("0.3333").sees("the paced worker begins")
    (job,) = jobs.list_jobs(ws)
    assert job.state == "succeeded" and job.target == "runpod-serverless"
    seat.page.locator("dt", has_text=re.compile("^Cost$")).wait_for()
    shown = seat.page.content()
    assert KEY not in shown and SECRET not in shown
