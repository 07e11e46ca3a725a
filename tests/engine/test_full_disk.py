"""A disk that really is full: a small file system in memory, where the system lets one be made."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from hone.engine import checkpoints
from hone.errors import HoneError
from hone.methods import sft
from tests.engine.small import copy_rows, frozen, make_job


@pytest.fixture
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A disk of 2 MB, or of what the test asks for."""
    place = tmp_path / "disk"
    place.mkdir()
    size = getattr(request, "param", "2m")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_half_a_checkpoint_is_taken_away_and_the_one_before_stays(small_disk: Path) -> None:
    def fill(numbers: int) -> None:
        checkpoints.write(
            small_disk / f"checkpoint-{numbers}",
            lambda folder: torch.save(torch.zeros(numbers), folder / "optimizer.pt"),
            step=numbers,
        )

    fill(1000)
    with pytest.raises(HoneError, match="no space is left") as told:
        fill(1_000_000)
    assert told.value.hint
    assert [path.name for path in small_disk.iterdir()] == ["checkpoint-1000"]
    found = checkpoints.newest_sound(small_disk)
    assert found.path == small_disk / "checkpoint-1000" and found.broken == []


@pytest.mark.loop
@pytest.mark.parametrize("small_disk", ["16m"], indirect=True)
def test_a_training_says_so_before_it_writes(small_disk: Path, small_base: Path) -> None:
    rows = (copy_rows(8), copy_rows(4, seed=1, most_words=2))
    folder = make_job(small_disk / "train-1", small_base, options=frozen(), rows=rows)
    with pytest.raises(HoneError, match=r"The disk is full: .* are needed") as told:
        sft.run(folder)
    assert "hone jobs resume" in told.value.hint
    assert not list(folder.checkpoints.iterdir())
    folder.append("failed", error=told.value.message, hint=told.value.hint)
    assert folder.state() == "failed"
