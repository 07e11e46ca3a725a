"""A workspace and an emulated provider, for every provider that rents machines out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hone.workspace.open import Workspace, init_workspace
from tests.faults.small_disks import small_disk
from tests.rentals.scene import Scene, scene

__all__ = ["at_lambda", "at_runpod", "rented", "small_disk", "ws"]


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        yield workspace


@pytest.fixture(params=["lambda", "runpod"])
def rented(
    request: pytest.FixtureRequest, ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    with scene(request.param, ws, monkeypatch) as found:
        yield found


@pytest.fixture
def at_lambda(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with scene("lambda", ws, monkeypatch) as found:
        yield found


@pytest.fixture
def at_runpod(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with scene("runpod", ws, monkeypatch) as found:
        yield found
