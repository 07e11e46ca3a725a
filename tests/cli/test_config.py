"""`hone config`: every setting is shown, one is changed, a wrong one changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hone.cli.run import run
from hone.workspace.open import init_workspace


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    init_workspace(tmp_path / "ws").close()
    return tmp_path / "ws"


def test_every_setting_is_shown_with_its_meaning(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["config", "show", "-w", str(folder)]) == 0
    text = capsys.readouterr().out
    for name in ("task", "budget.per_job_usd", "priority", "targets.lambda", "gate.confidence"):
        assert name in text
    assert "limits in US dollars" not in text  # groups are shown by their members
    assert run(["config", "show", "-w", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["budget"]["per_month_usd"] == 50


def test_a_setting_is_changed_and_the_comments_stay(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (folder / "hone.yaml").read_text()
    assert run(["config", "set", "budget.per_job_usd", "2.5", "-w", str(folder)]) == 0
    assert capsys.readouterr().out == "budget.per_job_usd: 2.5\n"
    after = (folder / "hone.yaml").read_text()
    assert after == before.replace("per_job_usd: 10,", "per_job_usd: 2.5,")
    assert run(["config", "set", "setup_mode", "true", "-w", str(folder)]) == 0
    assert "setup_mode: true " in (folder / "hone.yaml").read_text()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("gate.confidence", "2", "less than 1"),
        ("budgte.per_job_usd", "1", "budgte"),
        ("hone", "2", "not a setting"),
        ("priority", "[a", "the value of priority, line 1"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(
    folder: Path, key: str, value: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (folder / "hone.yaml").read_text()
    assert run(["config", "set", key, value, "-w", str(folder)]) == 1
    assert said in capsys.readouterr().err
    assert (folder / "hone.yaml").read_text() == before
