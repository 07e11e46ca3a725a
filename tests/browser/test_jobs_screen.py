"""The screen Jobs: a training with its figures, its log, and what can be done with it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hone.loop import Workspace, init_workspace
from hone.stages import jobs
from hone.workspace.job_folder import JobFolder
from tests.browser.seat import Seat
from tests.browser.test_access import violations
from tests.web.test_jobs import SPEC, trained


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        yield workspace


@pytest.fixture
def looking(ws: Workspace, serve: Callable[..., str], sit: Callable[..., Seat]) -> Seat:
    trained(ws)
    spec = {"model": "pickup@v1", "on": "pickup@1/test"}
    jobs.submit(ws, jobs.new_job("evaluate", spec), {})
    return sit(serve(ws)).open("#/jobs")


def test_a_training_stands_there_with_figures_log_and_what_it_said(looking: Seat) -> None:
    looking.page.locator(".job-row", has_text="pickup: sft of hone-nano").click()
    looking.sees("Half of it is padding.").sees("line 299").sees("Loss")
    chart = looking.page.get_by_role("img", name="Loss: loss from 2 to 0.06667")
    chart.wait_for()
    assert chart.locator("polyline").count() == 1
    looking.sees("Gradient norm").named("Go on").wait_for()
    assert "id=train-" in looking.page.url
    looking.page.reload()
    looking.sees("Half of it is padding.")


@pytest.mark.parametrize("width", [320, 1440])
def test_it_is_accessible_fits_and_is_walked_by_keys(looking: Seat, width: int) -> None:
    looking.page.set_viewport_size({"width": width, "height": 900})
    looking.page.locator(".job-row").nth(1).click()
    looking.sees("line 299")
    for theme in ("light", "dark"):
        looking.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert looking.page.evaluate(wide) <= 0
        assert violations(looking) == []
    looking.press("ArrowLeft").sees("It has printed nothing yet.")
    looking.press("ArrowRight").sees("line 299")


def test_one_that_runs_is_followed_and_stopped(ws: Workspace, looking: Seat) -> None:
    job = jobs.submit(ws, jobs.new_job("train", SPEC), {})
    folder = JobFolder(ws.jobs / job.id)
    folder.claim()
    folder.append("metric", step=1, values={"loss": 3.0})
    folder.append("progress", done=1, total=40, eta_seconds=77.0)

    def works() -> None:
        for step in range(2, 41):
            folder.append("metric", step=step, values={"loss": 3 / math.sqrt(step)})
            folder.append("progress", done=step, total=40, eta_seconds=40.0 - step)
            if asked.wait(0.2) or folder.is_stop_requested:
                break
        folder.append("cancelled")

    asked = threading.Event()
    worker = threading.Thread(target=works)
    looking.go(f"#/jobs?id={job.id}").page.locator(".job-watched [role=progressbar]").wait_for()
    looking.sees("of 40")
    worker.start()
    try:
        looking.page.wait_for_function(
            "() => Number(document.querySelector('.job-watched [role=progressbar]')"
            "?.getAttribute('aria-valuenow')) > 2"
        )
        looking.click("Stop").sees("It stops at its next step").named("Go on").wait_for()
    finally:
        asked.set()
        worker.join()
        folder.release()
    assert folder.state() == "cancelled"
