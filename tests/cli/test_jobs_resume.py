"""`hone jobs resume` on a paid target: nothing is paid for again before somebody agreed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from hone.stages import jobs
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace, init_workspace
from tests.cli.test_train import said

SPEC = {
    "model_name": "pickup", "method": "sft", "base": {"id": "hone-nano"},
    "dataset": {"name": "pickup@2"}, "budget_usd": 3.0,
}  # fmt: skip


class Terminal(io.StringIO):
    """Somebody sits there and types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        monkeypatch.chdir(workspace.root)
        yield workspace


@pytest.fixture
def gone_on(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The jobs that went on; nothing is rented."""
    found: list[str] = []

    def resumed(ws: Workspace, id: str) -> object:
        found.append(id)
        return ws.store.jobs.get(id)

    monkeypatch.setattr(jobs, "resume", resumed)
    return found


def stopped(ws: Workspace, target: str) -> str:
    """A training that was stopped."""
    job = jobs.submit(ws, jobs.new_job("train", SPEC, target=target), {})
    folder = JobFolder(ws.jobs / job.id)
    folder.claim()
    folder.append("cancelled")
    folder.release()
    return job.id


def test_what_is_paid_for_goes_on_only_when_somebody_agreed_to_its_price(
    ws: Workspace,
    gone_on: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    id = stopped(ws, "lambda")
    # A script is told what it may cost, and how to agree.
    text = said(capsys, "jobs", "resume", id, "--detach", code=1)
    assert "is paid for on lambda: at most $3.00" in text and len(text.splitlines()) == 2
    assert f"hone jobs resume {id} --confirm-run" in text
    for word, agrees in (("n\n", False), ("y\n", True)):
        monkeypatch.setattr("sys.stdin", Terminal(word))
        assert "at most $3.00" in said(capsys, "jobs", "resume", id, "--detach")
        assert gone_on == [id] * agrees
    monkeypatch.setattr("sys.stdin", io.StringIO())
    said(capsys, "jobs", "resume", id, "--detach", "--confirm-run")
    assert gone_on == [id, id]


def test_what_costs_nothing_goes_on_at_once(
    ws: Workspace, gone_on: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    id = stopped(ws, "local")
    assert f"Going on with {id}" in said(capsys, "jobs", "resume", id, "--detach")
    assert gone_on == [id]
