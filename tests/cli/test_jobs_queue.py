"""`hone jobs` over jobs that wait for their device: told in words, stopped, resumed, watched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hone.stages import jobs
from hone.workspace.open import Workspace, init_workspace
from tests.cli.test_train import answered, said
from tests.faults.gates import Gate
from tests.faults.orders import training
from tests.faults.supervisors import supervised


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        monkeypatch.chdir(workspace.root)
        yield workspace


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    opened = Gate(tmp_path)
    yield opened
    opened.close()


def test_a_queue_is_told_stopped_resumed_and_watched(
    ws: Workspace, gate: Gate, capsys: pytest.CaptureFixture[str]
) -> None:
    with supervised(ws):
        slow = {"waits_for_stop": True, "gate": str(gate.path), "steps": 1}
        first = jobs.launch(ws, training(fake=slow), {}).id
        gate.wait("training")
        second = jobs.launch(ws, training(fake={"steps": 1}), {}).id
        behind = f"Waiting in the queue: {first} has cpu."
        assert f"{second}: {behind}" in said(capsys, "jobs", "list")
        assert answered(capsys, "jobs", "show", second)["status"]["says"] == behind
        assert "now" in said(capsys, "jobs", "show", second)
        assert "It had not started; it will not." in said(capsys, "jobs", "stop", second)
        assert behind not in said(capsys, "jobs", "list")
        assert f"Going on with {second}" in said(capsys, "jobs", "resume", second, "--detach")
        text = said(capsys, "jobs", "resume", second, code=1)
        assert f"hone jobs watch {second}" in text and len(text.splitlines()) == 2
        assert "Stopped, with a checkpoint." in said(capsys, "jobs", "stop", first)
        assert f"{second}: succeeded." in said(capsys, "jobs", "watch", second)
        assert answered(capsys, "models", "list")[0]["is_active"] is True
