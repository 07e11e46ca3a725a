"""Audited messages add up; a weight that is not known is counted and never taken as 0."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hone import loop
from hone.cli.run import run
from hone.errors import InvalidInput
from hone.records.task import Task
from hone.stages.audited import audited
from hone.workspace.open import Workspace

TASK = Task.model_validate(
    {
        "kind": "extract",
        "name": "pickup",
        "fields": {
            "item": {"type": "string", "required": True},
            "quantity": {"type": "number"},
            "unit": {"type": "string"},
            "location": {"type": "string"},
            "subcategory": {"type": "string"},
            "many": True,
        },
        "weights_in_pounds": {"cases": 24, "lbs": 1},
    }
)
OUTPUTS: list[list[dict[str, Any]]] = [
    [
        {
            "item": "romaine",
            "quantity": 2,
            "unit": "cases",
            "location": "Hill",
            "subcategory": "leaf",
        }
    ],
    [
        {"item": "rice", "quantity": 5, "unit": "lbs", "location": "Hill", "subcategory": "grain"},
        {"item": "cakes", "quantity": 3, "unit": "each", "location": "Mill"},
    ],
    [{"item": "kale", "unit": "cases", "location": "Mill", "subcategory": "leaf"}],
    [],
]


def made(root: Path, outputs: list[list[dict[str, Any]]]) -> Workspace:
    ws = loop.init_workspace(root, task=TASK)
    file = ws.root / "messages.jsonl"
    rows = [{"message": f"message {n}", "output": one} for n, one in enumerate(outputs)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    loop.import_examples(ws, file, accept_as="ann")
    file.write_text(json.dumps({"message": "pending", "output": OUTPUTS[0]}) + "\n")
    loop.import_examples(ws, file)
    return ws


def test_items_and_pounds_add_up_by_location_and_subcategory(tmp_path: Path) -> None:
    with made(tmp_path / "ws", OUTPUTS) as ws:
        found = audited(ws)
    assert (found.audited, found.total) == (4, 5)
    assert (found.weight.items, found.weight.pounds, found.weight.unknown) == (4, 53.0, 2)
    assert {name: (one.items, one.pounds, one.unknown)
            for name, one in found.by["location"].items()} == {
        "Hill": (2, 53.0, 0), "Mill": (2, 0.0, 2),
    }  # fmt: skip
    assert list(found.by["subcategory"]) == ["leaf", "grain", "(not said)"]
    assert (found.is_ready, found.readiness) == (
        False, "Not ready to train: 4 audited messages, 6 more are needed (10).",
    )  # fmt: skip


def test_ten_are_enough_and_other_fields_can_be_asked_for(tmp_path: Path) -> None:
    with made(tmp_path / "ws", OUTPUTS[:1] * 1 + [[{"item": f"n{n}"}] for n in range(9)]) as ws:
        found = audited(ws, by=["item"])
        assert found.is_ready and found.readiness == "Ready to train: 10 audited messages."
        assert list(found.by) == ["item"] and found.by["item"]["romaine"].pounds == 48
        with pytest.raises(InvalidInput, match='no field "place"'):
            audited(ws, by=["place"])


def test_a_task_without_records_is_refused(tmp_path: Path) -> None:
    with (
        loop.init_workspace(tmp_path / "ws", template="qa") as ws,
        pytest.raises(InvalidInput, match="A qa task has no records to add up"),
    ):
        audited(ws)


def test_the_command_prints_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(tmp_path / "ws", OUTPUTS).close()
    assert run(["examples", "audited", "--workspace", str(tmp_path / "ws")]) == 0
    out = capsys.readouterr().out
    assert out.startswith("4 of 5 messages audited: 4 items, 53.0 pounds\n")
    assert "2 items have no known weight and are not in these pounds." in out
    # What lies at the mill has a weight, but nobody knows it.
    assert re.search(r"Mill +2 +– +2", out) and re.search(r"Hill +2 +53\.0 +0", out)
    assert "Not ready to train: 4 audited messages" in out
    assert run(["examples", "audited", "--json", "--workspace", str(tmp_path / "ws")]) == 0
    assert json.loads(capsys.readouterr().out)["weight"]["unknown"] == 2
