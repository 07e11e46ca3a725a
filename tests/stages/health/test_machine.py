"""The machine and its packages: each lack is told, with what mends it."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from hone.stages.health import Finding
from hone.stages.health.machine import look_at_disk, look_at_machine
from hone.stages.health.packages import installed_version, look_at_packages
from tests.stages.health.conftest import device

Usage = namedtuple("Usage", "total used free")


def wrong(found: list[Finding]) -> list[tuple[str, str]]:
    return [(one.level, one.what) for one in found if one.level != "ok"]


def test_this_machine_as_it_is_has_no_problem() -> None:
    found = [*look_at_machine(device()), *look_at_packages(device())]
    assert [one for one in found if one.level == "problem"] == []
    assert any("torch 2." in one.what for one in found)


@pytest.mark.parametrize("version", [(3, 10), (3, 14)])
def test_a_python_on_which_hone_does_not_run_is_a_problem(version: tuple[int, int]) -> None:
    ((level, what),) = wrong(list(look_at_machine(device(), python=version)))
    assert level == "problem" and "3.11 to 3.13" in what


def test_little_memory_is_told_with_its_figure() -> None:
    ((level, what),) = wrong(list(look_at_machine(device(free_gib=0.4))))
    assert level == "warning" and "0.4 of 16.0 GiB" in what


def test_a_card_that_torch_cannot_use_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    ((_, what),) = wrong(list(look_at_machine(device())))
    assert "built without CUDA" in what
    ((_, what),) = wrong(list(look_at_machine(device(torch="2.13.0"))))
    assert "driver does not answer" in what
    assert wrong(list(look_at_machine(device(device="cuda", torch="2.13.0")))) == []


@pytest.mark.parametrize(("free", "level"), [(0.2, "problem"), (3.0, "warning"), (50.0, "ok")])
def test_a_full_disk_is_told_before_it_is_met(
    free: float, level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = Usage(100 << 30, 0, int(free * (1 << 30)))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    assert next(look_at_disk(tmp_path)).level == level


def test_what_is_missing_or_too_old_is_named_with_the_command_that_brings_it() -> None:
    def without_training(name: str) -> str | None:
        here = ("hone-studio", "numpy", "sqlalchemy")
        return installed_version(name) if name in here else None

    core, training = look_at_packages(device(), without_training)
    assert core.level == "problem" and "alembic>=" in core.what and "it is missing" in core.what
    assert training.level == "warning" and training.mend == "pip install 'hone-studio[train]'"

    def with_old_torch(name: str) -> str | None:
        return "2.1.0" if name == "torch" else installed_version(name)

    core, training = look_at_packages(device(), with_old_torch)
    assert core.level == "ok" and training.level == "problem"
    assert "torch<2.14,>=2.9 (here: 2.1.0)" in training.what


def test_a_version_that_fits_but_is_not_the_tested_one_is_said_and_nothing_is_wrong() -> None:
    def with_other_peft(name: str) -> str | None:
        return "0.19.5" if name == "peft" else installed_version(name)

    _, training = look_at_packages(device(), with_other_peft)
    assert training.level == "ok" and "peft 0.19.5 (tested with 0." in training.what


def test_on_a_card_the_packages_for_cards_are_asked_for() -> None:
    def without_gpu(name: str) -> str | None:
        return None if name in ("bitsandbytes", "kernels") else installed_version(name)

    *_, last = look_at_packages(device(device="cuda"), without_gpu)
    assert last.mend == "pip install 'hone-studio[gpu]'" and "kernels" in last.what
