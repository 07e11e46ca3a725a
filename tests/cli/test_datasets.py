"""`hone datasets` as people meet it: formats, their options, and why an example gave no row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hone.cli.run import run
from tests.stages.prepare.mixed import mixed

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def reviewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace in which everything was decided that can be, with the terminal inside it."""
    with mixed(tmp_path / "ws", 80, 3) as workspace:
        monkeypatch.chdir(workspace.root)
        return workspace.root


def test_a_format_is_built_with_its_options(reviewed: Path, capsys: Captured) -> None:
    words = ["datasets", "build", "likes", "--format", "kto", "--option", "rejected_weight=0.5"]
    assert run([*words, "--json"]) == 0
    manifest = json.loads(capsys.readouterr().out)
    assert manifest["format"] == "kto"
    assert manifest["options"]["format_options"] == {"rejected_weight": 0.5}
    assert manifest["query"]["status"] == ["accepted", "edited", "rejected"]
    assert run(words) == 0
    assert "Nothing changed: likes@1" in capsys.readouterr().out


def test_what_gave_no_row_is_shown_with_the_reason(reviewed: Path, capsys: Captured) -> None:
    assert run(["datasets", "build", "pairs", "--format", "dpo"]) == 0
    told = capsys.readouterr().out
    assert "equal_pair" in told and "no_pair" in told
    assert run(["datasets", "show", "pairs", "--kept-out"]) == 0
    assert "no suggestion was passed over for it." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "first", "second"),
    [
        (["--format", "raf"], 'No "raf" among the formats.', 'Did you mean "raft"?'),
        (["--format", "regression"], "A qa task cannot be written as regression.", "sft or raft"),
        (
            ["--format", "raft", "--option", "distracters=2"],
            "The options of the format raft do not fit",
            'Did you mean "distractors"?',
        ),
        (["--option", "edited_weight"], '--option "edited_weight" has no "="', "NAME=VALUE"),
        (
            ["--format", "raft", "--option", "passages=nowhere.jsonl"],
            "there is no file nowhere.jsonl",
            "passages=FILE",
        ),
    ],
)
def test_a_mistake_is_two_lines(
    reviewed: Path, capsys: Captured, more: list[str], first: str, second: str
) -> None:
    assert run(["datasets", "build", "x", *more]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert first in lines[0] and second in lines[1]


def test_a_layout_without_room_is_two_lines(reviewed: Path, capsys: Captured) -> None:
    assert run(["datasets", "build", "pairs", "--format", "dpo"]) == 0
    capsys.readouterr()
    assert run(["datasets", "export", "pairs", "--layout", "messages", "--out", "out"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "The layout messages cannot hold rows of the format dpo."
    assert len(lines) == 2 and "--layout trl" in lines[1]
    assert run(["datasets", "export", "pairs", "--out", "out"]) == 0
    assert (reviewed / "out" / "train.jsonl").is_file()
