"""`hone targets`: what may run jobs, and whether it is ready."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hone.cli.run import run
from hone.workspace.open import init_workspace


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with init_workspace(tmp_path / "ws"):
        monkeypatch.chdir(tmp_path / "ws")


def test_targets_are_listed_with_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["targets", "list", "--json"]) == 0
    listed = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert listed["local"]["is_set"] and not listed["ssh"]["is_set"]
    assert "hone config set targets.ssh" in listed["ssh"]["where"]
    assert run(["targets", "list"]) == 0
    assert "this machine" in capsys.readouterr().out


def test_a_target_that_is_not_ready_exits_1_and_says_what_mends_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["targets", "check", "ssh"]) == 1
    assert "names no machine for the target ssh" in capsys.readouterr().err
    assert run(["config", "set", "targets.ssh", "{host: 127.0.0.1, port: 1, user: me}"]) == 0
    capsys.readouterr()
    assert run(["targets", "check", "ssh"]) == 1
    said = capsys.readouterr().out
    assert "not ok" in said and "cannot be reached" in said
    assert "ssh -p 1 me@127.0.0.1" in said
    assert run(["targets", "check", "ssh", "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert found["is_good"] is False and found["mend"]
    assert run(["targets", "check", "local"]) == 0
    assert "hone train RECIPE --on local" in capsys.readouterr().out


def test_machines_by_name_are_shown_one_setting_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "set", "targets.hosts.big", "{host: big.example, port: 2222}"]) == 0
    assert run(["config", "show", "--json"]) == 0
    assert run(["config", "set", "targets.hosts.big.port", "22"]) == 0
    capsys.readouterr()
    assert run(["config", "show"]) == 0
    said = capsys.readouterr().out
    assert "targets.hosts.big.host" in said and "big.example" in said
    assert run(["config", "set", "targets.hosts.big.prot", "22"]) == 1
    assert "Did you mean port?" in capsys.readouterr().err
