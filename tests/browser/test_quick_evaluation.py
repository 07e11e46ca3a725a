"""Run Quick Evaluation in the browser: a real worker answers while one looks on."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hone.loop import Workspace, open_workspace
from hone.stages import jobs
from hone.workspace.job_folder import JobFolder
from tests.browser.seat import Seat
from tests.browser.test_access import violations
from tests.faults.gates import wait_until
from tests.loop.really import make_answering


@pytest.fixture(scope="module")
def answering(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("answering") / "ws"
    make_answering(root, count=20).close()
    return root


@pytest.fixture
def ws(answering: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(answering, tmp_path / "ws")
    with open_workspace(tmp_path / "ws") as workspace:
        yield workspace
        for one in jobs.list_jobs(workspace):
            if one.state in ("waiting", "running"):
                jobs.stop(workspace, one.id)


@pytest.fixture
def looking(ws: Workspace, serve: Callable[..., str], sit: Callable[..., Seat]) -> Seat:
    seat = sit(serve(ws)).open("#/evaluate")
    seat.named("Run Quick Evaluation").wait_for()
    return seat


class Held(threading.Thread):
    """The next worker stands still at its first answer: it could be over before one has looked."""

    def __init__(self, ws: Workspace) -> None:
        super().__init__(daemon=True)
        self._jobs, self._known = ws.jobs, set(ws.jobs.glob("*/events.jsonl"))
        self._pid: int | None = None

    def run(self) -> None:
        wait_until(self._holds, "the first answer")

    def _holds(self) -> bool:
        for path in set(self._jobs.glob("*/events.jsonl")) - self._known:
            identity = JobFolder(path.parent).identity()
            if identity is not None and b'"progress"' in path.read_bytes():
                os.kill(identity.pid, signal.SIGSTOP)
                self._pid = identity.pid
        return self._pid is not None

    def __enter__(self) -> Held:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.join()
        assert self._pid is not None, "no worker has answered"
        os.kill(self._pid, signal.SIGCONT)


def test_a_model_is_evaluated_by_one_click_and_a_reload_finds_it_again(
    ws: Workspace, looking: Seat
) -> None:
    assert looking.page.get_by_label("Model to evaluate").input_value() == "pickup@v1"
    looking.sees("Nothing was evaluated yet")
    assert violations(looking) == []
    with Held(ws):
        looking.click("Run Quick Evaluation")
        looking.page.locator(".quick [role=progressbar]").wait_for()
        looking.page.reload()
        looking.page.locator(".quick [role=progressbar]").wait_for()
        looking.page.locator(".quick p", has_text="of 40 answers").wait_for()
    looking.page.locator(".scored-row").first.wait_for(timeout=90_000)
    looking.sees("Who answered")
    for name in ("base", "few-shot", "retrieval", "rules"):
        looking.named(name).wait_for()
    looking.named("Run Quick Evaluation").wait_for()
    (one,) = ws.store.evaluations.list()
    assert one.sample == 8 and one.model == "pickup@v1"
    assert len(list(ws.reports.glob("eval_pickup@v1_*.html"))) == 1


def test_it_can_be_stopped_and_goes_on_from_its_answers(ws: Workspace, looking: Seat) -> None:
    with Held(ws) as held:
        looking.click("Run Quick Evaluation")
        held.join()
        looking.click("Stop")
    looking.page.get_by_text("the same evaluation goes on from them").wait_for(timeout=90_000)
    assert [one.state for one in jobs.list_jobs(ws)] == ["cancelled"]
    looking.click("Run Quick Evaluation")
    looking.page.locator(".scored-row").first.wait_for(timeout=90_000)
    assert [one.state for one in jobs.list_jobs(ws)] == ["succeeded"]
