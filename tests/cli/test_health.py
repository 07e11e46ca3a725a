"""`hone doctor` as a person meets it: in words, with mends and exit codes, and light."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hone.cli.run import run
from hone.workspace.open import Workspace, init_workspace
from tests.cli.test_train import said

LIGHT = """
import sys
from hone.cli.run import run
code = run(["doctor", "--workspace", sys.argv[1]])
heavy = {"torch", "transformers", "peft", "trl", "dbos", "fastapi", "httpx", "polars"}
print(sorted(heavy & set(sys.modules)), code)
"""


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        yield workspace


def test_a_machine_without_a_workspace_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = said(capsys, "doctor")
    assert "This machine" in text and "Packages" in text and "Workspace" not in text.split("\n")
    assert "No workspace here" in text
    assert run(["doctor", "--workspace", str(tmp_path / "nowhere")]) == 1
    assert "is no workspace" in capsys.readouterr().err


def test_what_is_wrong_is_grouped_with_its_mend_and_the_command_exits_1(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ws.root)
    assert "Nothing is wrong." in said(capsys, "doctor")
    env = ws.root / ".env"
    env.write_text("LAMBDA_API_KEY=lam_0123456789abcdefWXYZ\n")
    env.chmod(0o640)
    assert run(["doctor"]) == 1
    text = capsys.readouterr().out
    keys = text[text.index("Keys") : text.index("Workspace")]
    assert f"Try: chmod 600 {env}" in keys and "1 problem, 0 warnings." in text
    assert "ends in …WXYZ" in text and "0123456789" not in text
    assert run(["doctor", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [one["part"] for one in found["findings"] if one["level"] == "problem"] == ["keys"]
    assert found["workspace"] == str(ws.root) and found["is_online"] is False


def test_what_the_journal_says_is_derived_anew_when_asked(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(ws.root)
    file = tmp_path / "pairs.csv"
    file.write_text("question,answer\nwhy?,because\nhow?,so\n")
    assert run(["import", str(file)]) == 0 and run(["review", "--accept-all", "--yes"]) == 0
    with sqlite3.connect(ws.root / "hone.db") as connection:
        connection.execute("UPDATE states SET status = 'rejected'")
    connection.close()
    capsys.readouterr()
    assert run(["doctor"]) == 1 and "hone doctor --rebuild" in capsys.readouterr().out
    assert "Derived anew" in said(capsys, "doctor", "--rebuild")
    assert ws.store.examples.counters()["accepted"] == 2


def test_it_loads_nothing_heavy(ws: Workspace) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, str(ws.root)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[] 0", done.stdout
