"""Exports: what other trainers read, for every format that a layout can hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hone import shelf
from hone.errors import InvalidInput
from hone.importers._mapping import drafter
from hone.importers._shapes import recognise
from hone.records.task import Task
from hone.stages.prepare import LAYOUTS, build_dataset, export_dataset
from hone.stages.prepare.layouts import layout
from hone.stages.prepare.options import BuildOptions
from hone.workspace.open import Workspace
from tests.stages.prepare.mixed import BOOK, NEWS, mixed, rows_in

SYSTEM = {"role": "system", "content": "Be brief."}
ASKED = {"role": "user", "content": "Who?"}
PROMPT = [SYSTEM, ASKED]


def said(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


PAIR = {"id": "e", "prompt": PROMPT, "chosen": said("I"), "rejected": said("You"), "weight": 1.0}
JUDGED = {"id": "e", "prompt": PROMPT, "completion": said("I"), "label": False, "weight": 1.0}
SCORED = {"id": "e", "title": "T", "content": "C", "text": "T\n\nC", "labels": [1.0, 2.5],
          "dimension_names": ["a", "b"], "weight": 1.0}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "format_name", "row", "written"),
    [
        ("trl", "dpo", PAIR, {"prompt": PROMPT, "chosen": said("I"), "rejected": said("You")}),
        ("trl", "kto", JUDGED, {"prompt": PROMPT, "completion": said("I"), "label": False}),
        ("trl", "regression", SCORED, {"text": "T\n\nC", "labels": [1.0, 2.5]}),
        ("messages", "kto", JUDGED, {"messages": [*PROMPT, *said("I")], "label": False}),
        (
            "openai",
            "dpo",
            PAIR,
            {
                "input": {"messages": PROMPT},
                "preferred_output": said("I"),
                "non_preferred_output": said("You"),
            },
        ),
        (
            "alpaca",
            "dpo",
            PAIR,
            {
                "instruction": "Who?",
                "input": "",
                "chosen": "I",
                "rejected": "You",
                "system": "Be brief.",
            },
        ),
        (
            "alpaca",
            "kto",
            JUDGED,
            {
                "instruction": "Who?",
                "input": "",
                "output": "I",
                "kto_tag": False,
                "system": "Be brief.",
            },
        ),
        (
            "sharegpt",
            "dpo",
            PAIR,
            {
                "conversations": [{"from": "human", "value": "Who?"}],
                "chosen": {"from": "gpt", "value": "I"},
                "rejected": {"from": "gpt", "value": "You"},
                "system": "Be brief.",
            },
        ),
        (
            "sharegpt",
            "kto",
            JUDGED,
            {
                "conversations": [
                    {"from": "human", "value": "Who?"},
                    {"from": "gpt", "value": "I"},
                ],
                "kto_tag": False,
                "system": "Be brief.",
            },
        ),
    ],
)
def test_a_row_is_laid_out(
    name: str, format_name: str, row: dict[str, Any], written: dict[str, Any]
) -> None:
    assert layout(name, format_name)(row) == written


@pytest.mark.parametrize(
    ("name", "format_name"),
    [("messages", "dpo"), ("openai", "kto"), ("alpaca", "regression"), ("sharegpt", "regression")],
)
def test_a_layout_without_room_for_a_format_is_refused(name: str, format_name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        layout(name, format_name)
    assert caught.value.message == (
        f"The layout {name} cannot hold rows of the format {format_name}."
    )
    assert "--layout trl" in caught.value.hint


@pytest.mark.parametrize("name", shelf.names("formats"))
def test_every_row_of_every_format_is_exported_for_trl(
    name: str, tmp_path: Path, opened: list[Workspace]
) -> None:
    opened.append(mixed(tmp_path / "ws", 60, 3, task=NEWS if name == "regression" else BOOK))
    built = build_dataset(opened[0], "book", BuildOptions(format=name))
    for layout_name in (one for one in LAYOUTS if name in LAYOUTS[one]):
        written = export_dataset(opened[0], "book", tmp_path / layout_name, layout_name=layout_name)
        assert [len(file.read_text().splitlines()) for file in written] == [
            built.manifest.splits[file.stem].rows for file in written
        ]
    refused = next(one for one in (*LAYOUTS, "") if name not in LAYOUTS.get(one, {}))
    if refused:
        with pytest.raises(InvalidInput):
            export_dataset(opened[0], "book", tmp_path / "refused", layout_name=refused)
        assert not (tmp_path / "refused").exists()


@pytest.mark.parametrize("name", ["dpo", "kto"])
def test_what_was_exported_can_be_imported_again(
    name: str, tmp_path: Path, opened: list[Workspace]
) -> None:
    opened.append(mixed(tmp_path / "ws", 60, 3))
    built = build_dataset(opened[0], "book", BuildOptions(format=name))
    rows = rows_in(built.folder, "train")
    talk = Task(kind="chat", name="talk")
    for layout_name in ("trl", "sharegpt"):
        laid_out = [layout(layout_name, name)(row) for row in rows]
        columns = recognise(json.loads(json.dumps(laid_out)), talk)
        assert columns.shape == {"dpo": "preference", "kto": "kto"}[name]
        read = drafter(columns, talk)
        for row, one in zip(rows, laid_out, strict=True):
            [draft] = read(one)
            texts = [proposal.output["reply"] for proposal in draft.proposals]
            sides = ("chosen", "rejected") if name == "dpo" else ("completion",)
            assert texts == [row[side][0]["content"] for side in sides]
