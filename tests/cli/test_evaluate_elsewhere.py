"""An evaluation on another machine is refused in two lines, and nothing is rented or asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from hone.cli.run import run
from hone.workspace.open import init_workspace


@pytest.mark.parametrize("on", ["runpod", "runpod-serverless", "lambda"])
def test_an_evaluation_elsewhere_is_refused_before_anything_else(
    on: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with init_workspace(tmp_path / "ws") as ws:
        monkeypatch.chdir(ws.root)
        assert run(["evaluate", "hone-nano", "--on", on]) == 1
        first, second = capsys.readouterr().err.splitlines()
        assert first == f"An evaluation answers on this machine only: {on} was asked for nothing."
        assert second.startswith("Try: The same command without --on;")
        assert ws.store.jobs.list() == [] and ws.store.ledger.entries() == []


def test_a_place_that_is_not_known_is_answered_with_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with init_workspace(tmp_path / "ws") as ws:
        monkeypatch.chdir(ws.root)
        assert run(["evaluate", "hone-nano", "--on", "runpodd"]) == 1
        assert 'Did you mean "runpod"?' in capsys.readouterr().err
