"""Tokens that are kept: taken again where nothing changed, and only there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from hone.methods._rows import read_judged, read_pairs, read_rows, read_scored
from hone.methods._token_cache import make_room
from hone.rendering.tokens import Renderer
from hone.workspace.job_folder import JobFolder
from tests.engine.small import copy_rows, judged_rows, make_job, pair_rows, scored_rows
from tests.rendering.bases import make_base

Read = Callable[[JobFolder, Renderer], list[Any]]


class Deaf:
    """A renderer of the same template and tokenizer that can tokenise nothing."""

    def __init__(self, renderer: Renderer) -> None:
        self.fingerprint = renderer.fingerprint


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = make_base(tmp_path / "base", "qwen_style")
    (folder / "model.safetensors").write_bytes(b"")
    return folder


def job_of(tmp_path: Path, base: Path, name: str, rows: list[dict[str, Any]]) -> JobFolder:
    return make_job(tmp_path / name, base, rows=(rows, []), cache=str(tmp_path / "cache"))


def sft(folder: JobFolder, renderer: Renderer, max_length: int = 128) -> list[Any]:
    return read_rows(folder, "train", renderer, max_length=max_length, train_on="last")


def files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "tokens").glob("*"))


def told(folder: JobFolder) -> str:
    return " ".join(str((event.model_extra or {}).get("text")) for event in folder.events())


READERS: dict[str, tuple[Callable[[int], list[dict[str, Any]]], Read]] = {
    "sft": (copy_rows, sft),
    "pairs": (pair_rows, lambda f, r: read_pairs(f, "train", r, max_length=128)),
    "judged": (judged_rows, lambda f, r: read_judged(f, "train", r, max_length=128)),
    "scored": (scored_rows, lambda f, r: read_scored(f, "train", r, max_length=99, dimensions=2)),
}


@pytest.mark.parametrize("kind", READERS)
def test_a_second_job_takes_the_same_rows_without_tokenising(
    kind: str, base: Path, tmp_path: Path
) -> None:
    make, read = READERS[kind]
    renderer = Renderer.load(base)
    first = read(job_of(tmp_path, base, "train-1", make(7)), renderer)
    second = job_of(tmp_path, base, "train-2", make(7))
    again = read(second, cast("Renderer", Deaf(renderer)))
    assert again == first and len(first) >= 7
    # True is 1: what was told apart by type must still be.
    assert repr(again) == repr(first)
    assert f"{len(first)} rows taken as they were tokenised before" in told(second)


def test_what_was_left_out_is_told_again(base: Path, tmp_path: Path) -> None:
    rows = copy_rows(4)
    rows[2]["completion"][0]["content"] = "milk " * 300
    for name in ("train-1", "train-2"):
        folder = job_of(tmp_path, base, name, rows)
        assert len(sft(folder, Renderer.load(base))) == 3
        assert "1 rows of train are left out (row 3:" in told(folder)


def test_other_rows_another_limit_and_another_template_are_tokenised_anew(
    base: Path, tmp_path: Path
) -> None:
    sft(job_of(tmp_path, base, "train-1", copy_rows(4)), Renderer.load(base))
    changed = copy_rows(4)
    changed[0]["completion"][0]["content"] += " tea"
    sft(job_of(tmp_path, base, "train-2", changed), Renderer.load(base))
    sft(job_of(tmp_path, base, "train-3", copy_rows(4)), Renderer.load(base), max_length=64)
    other = make_base(tmp_path / "other", "llama3_style")
    sft(job_of(tmp_path, base, "train-4", copy_rows(4)), Renderer.load(other))
    assert len(files(tmp_path)) == 4


def test_a_damaged_file_is_made_anew(base: Path, tmp_path: Path) -> None:
    renderer = Renderer.load(base)
    first = sft(job_of(tmp_path, base, "train-1", copy_rows(4)), renderer)
    (file,) = files(tmp_path)
    whole = file.read_bytes()
    for number, damaged in enumerate((whole[:-30], b"", whole[:900] + b"\xff" * 9 + whole[909:])):
        file.write_bytes(damaged)
        assert sft(job_of(tmp_path, base, f"train-{number + 2}", copy_rows(4)), renderer) == first
        assert sft(job_of(tmp_path, base, f"again-{number}", copy_rows(4)), renderer) == first
    assert len(files(tmp_path)) == 1


def test_without_a_workspace_on_this_machine_nothing_is_kept(base: Path, tmp_path: Path) -> None:
    gone = tmp_path / "elsewhere" / "cache"
    folder = make_job(tmp_path / "train-1", base, rows=(copy_rows(3), []), cache=str(gone))
    assert len(sft(folder, Renderer.load(base))) == 3
    assert not gone.parent.exists()


def test_a_full_or_read_only_disk_costs_the_cache_and_not_the_training(
    base: Path, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("in the way")
    folder = job_of(tmp_path, base, "train-1", copy_rows(3))
    assert len(sft(folder, Renderer.load(base))) == 3
    assert "The tokens of train are not kept" in told(folder)


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    for number, name in enumerate(("b", "c", "a")):
        file = tmp_path / f"{name}.npz"
        file.write_bytes(b"x" * 100)
        os.utime(file, (number, number))
    make_room(tmp_path, most_bytes=250)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "c.npz"]
