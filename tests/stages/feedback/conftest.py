"""A workspace with 30 corrected flags, made once and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hone.stages.flags import Saying, find_flags, resolve
from hone.workspace.open import Workspace, open_workspace
from tests.stages.flags.flagged import answer, make_flagged, wrong_on


@pytest.fixture(scope="package")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "ws"
    with make_flagged(root, count=200) as ws:
        answer(ws, "pickup@v1", wrong_on(2))
        for place, flag in enumerate(find_flags(ws).flags[:20]):
            right = [{"item": "rye", "quantity": place}]
            edit = Saying("edit", "ben", right, note=f"note {place}")
            resolve(ws, flag, edit if place < 5 else Saying("confirm", "ann"))
    return root


@pytest.fixture
def ws(built: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(built, tmp_path / "ws")
    with open_workspace(tmp_path / "ws") as workspace:
        yield workspace
