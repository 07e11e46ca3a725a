"""A file that is written piece by piece stands there whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from hone.errors import HoneError
from hone.workspace.files import writing_aside


def test_a_file_stands_there_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "out.jsonl"
    with writing_aside(path) as stream:
        stream.write("one\n")
        assert not path.exists()
        stream.write("zwei ü\n")
    assert path.read_bytes() == "one\nzwei ü\n".encode()
    assert [one.name for one in path.parent.iterdir()] == ["out.jsonl"]


def test_a_write_that_fails_leaves_nothing_behind_and_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("before")
    with pytest.raises(ZeroDivisionError), writing_aside(path) as stream:
        stream.write("half of")
        raise ZeroDivisionError
    assert path.read_text() == "before"
    assert [one.name for one in tmp_path.iterdir()] == ["out.jsonl"]


def test_a_place_that_refuses_is_said_in_two_lines(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HoneError) as told, writing_aside(tmp_path / "file" / "out.jsonl"):
        raise AssertionError("nothing can be written there")
    assert "out.jsonl" in told.value.message and told.value.hint
