"""A workspace of a task, and bases whose weights nobody loads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hone.records.task import Task
from hone.stages.doctor import DoctorOptions, Report, examine
from hone.workspace.open import Workspace, init_workspace
from tests.rendering.bases import make_base
from tests.stages.doctor.frozen import Rows, freeze_rows

TASKS: dict[str, dict[str, Any]] = {
    "qa": {"kind": "qa"},
    "chat": {"kind": "chat"},
    "score": {"kind": "score", "dimensions": ["depth", "style"]},
    "extract": {
        "kind": "extract",
        "many": True,
        "fields": {
            "item": {"type": "string", "required": True},
            "unit": {"type": "enum", "values": ["cases", "lbs"]},
            "note": {"type": "string"},
        },
    },
}


@pytest.fixture
def make_ws(tmp_path: Path) -> Iterator[Callable[..., Workspace]]:
    opened: list[Workspace] = []

    def make(kind: str = "qa", **more: Any) -> Workspace:
        task = Task.model_validate({"name": kind, **TASKS[kind], **more})
        opened.append(init_workspace(tmp_path / f"ws-{len(opened)}", task=task))
        return opened[-1]

    yield make
    for ws in opened:
        ws.close()


@pytest.fixture
def look(make_ws: Callable[..., Workspace]) -> Callable[..., Report]:
    """Freeze rows in a new workspace, and let the doctor look at them."""

    def look(
        splits: dict[str, Rows],
        kind: str = "qa",
        *,
        format: str = "sft",
        built_with: float | None = None,
        **options: Any,
    ) -> Report:
        ws = make_ws(kind)
        given = {} if built_with is None else {"similarity": built_with}
        manifest = freeze_rows(ws, splits, format=format, options=given)
        chosen = DoctorOptions.model_validate({"examples": 0, **options})
        return examine(ws, (manifest, ws.datasets / manifest.ref), chosen)

    return look


def add_base(ws: Workspace, style: str) -> str:
    """A base in the workspace, of a style of chat template."""
    from tests.stages.training_set import shapes, write_weights

    folder = make_base(ws.root / style, style)
    (folder / "config.json").write_text("{}")
    write_weights(folder / "model.safetensors", shapes())
    return style
