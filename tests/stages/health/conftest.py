"""A workspace with a few reviewed examples, and what the doctor says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hone import loop
from hone.records.review import Decision
from hone.stages import health
from hone.stages.health import Finding
from hone.workspace.open import Workspace, init_workspace

Look = Callable[..., list[Finding]]


def device(**more: Any) -> Any:
    """A machine as a plan sees it."""
    seen: dict[str, Any] = {
        "device": "cpu", "name": "a processor", "memory_gib": 16.0, "free_gib": 8.0,
        "cards": 1, "cores": 4, "torch": "2.13.0+cpu",
    }  # fmt: skip
    return SimpleNamespace(**{**seen, **more})


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        file = tmp_path / "pairs.csv"
        file.write_text("question,answer\n" + "".join(f"q{n}?,a{n}\n" for n in range(30)))
        loop.import_examples(workspace, file)
        ids = [one.id for one in workspace.store.examples.page(limit=5).items]
        said = [{"op_id": f"o{id}", "example_id": id, "verdict": "reject"} for id in ids]
        loop.decide(
            workspace, [Decision.model_validate({**one, "reviewer": "ann"}) for one in said]
        )
        yield workspace


@pytest.fixture
def look(ws: Workspace) -> Look:
    """What is wrong with the workspace now: its findings that are not ok."""

    def look_now(*, is_online: bool = False) -> list[Finding]:
        found = health.examine(ws.root, device(), is_online=is_online).findings
        return [one for one in found if one.level != "ok"]

    return look_now
