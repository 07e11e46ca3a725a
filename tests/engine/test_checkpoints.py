"""Checkpoints are whole or not there, and a damaged one is never used."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from hone.engine import checkpoints
from hone.errors import HoneError


def fill(text: str):
    def write_files(folder: Path) -> None:
        (folder / "weights").write_text(text)
        (folder / "optimizer").write_text(text * 2)

    return write_files


def make(folder: Path, *steps: int) -> None:
    for step in steps:
        checkpoints.write(folder / f"checkpoint-{step}", fill(str(step)), step=step)


def test_the_newest_by_number_is_found(tmp_path: Path) -> None:
    make(tmp_path, 5, 100, 20)
    found = checkpoints.newest_sound(tmp_path)
    assert found.path == tmp_path / "checkpoint-100"
    assert checkpoints.facts_of(tmp_path / "checkpoint-100") == {"step": 100}
    assert checkpoints.newest_sound(tmp_path / "nowhere") == (None, [])


def test_a_half_written_one_is_not_seen_and_makes_room_for_the_next(tmp_path: Path) -> None:
    make(tmp_path, 5)

    def fails(folder: Path) -> None:
        (folder / "weights").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        checkpoints.write(tmp_path / "checkpoint-10", fails, step=10)
    assert checkpoints.newest_sound(tmp_path) == (tmp_path / "checkpoint-5", [])
    make(tmp_path, 10)
    assert checkpoints.newest_sound(tmp_path).path == tmp_path / "checkpoint-10"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-10", "checkpoint-5"]


@pytest.mark.parametrize("harm", ["flip", "cut", "delete", "no manifest", "bad manifest"])
def test_a_damaged_one_falls_back_to_the_one_before(tmp_path: Path, harm: str) -> None:
    make(tmp_path, 5, 10)
    newest = tmp_path / "checkpoint-10"
    if harm == "flip":
        (newest / "weights").write_text("11")
    elif harm == "cut":
        (newest / "optimizer").write_text("1")
    elif harm == "delete":
        (newest / "optimizer").unlink()
    elif harm == "no manifest":
        (newest / "manifest.json").unlink()
    else:
        (newest / "manifest.json").write_text('{"files": ')
    found = checkpoints.newest_sound(tmp_path)
    assert found.path == tmp_path / "checkpoint-5"
    assert len(found.broken) == 1 and found.broken[0].startswith("checkpoint-10: ")


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    make(tmp_path, 5, 10, 15, 100)
    checkpoints.keep_newest(tmp_path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-100", "checkpoint-15"]


def test_writing_one_again_replaces_it(tmp_path: Path) -> None:
    place = tmp_path / "best"
    checkpoints.write(place, fill("a"), step=1, eval_loss=2.0)
    checkpoints.write(place, fill("b"), step=2, eval_loss=1.0)
    assert (place / "weights").read_text() == "b"
    assert checkpoints.facts_of(place) == {"step": 2, "eval_loss": 1.0}
    assert checkpoints.problem_of(place) == ""


def test_a_full_disk_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(HoneError, match="The disk is full") as told:
        checkpoints.check_room(tmp_path, 1 << 60)
    assert "keep_checkpoints" in told.value.hint


def test_a_full_disk_while_writing_is_told_in_two_lines(tmp_path: Path) -> None:
    def fails(folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(HoneError, match="no space is left"):
        checkpoints.write(tmp_path / "checkpoint-1", fails, step=1)
