"""Datasets over the API: built from what was accepted, loaded from a prepared file, taken along."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from hone.stages import people
from hone.web.site import Site
from hone.workspace.open import Workspace
from tests.browser import samples
from tests.browser.passages import accept, add_questions
from tests.web.browser import Browser, access


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with samples.make(tmp_path / "ws", {"harbour": 2}) as workspace:
        yield workspace


def lines(rows: Sequence[Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def load(browser: Browser, content: bytes, name: str = "given", format: str = "sft") -> Any:
    upload = browser.upload("prepared.jsonl", content).json()["upload"]
    return browser.post("/api/datasets/load", {"upload": upload, "name": name, "format": format})


def prepared(count: int) -> list[Any]:
    return [
        {"prompt": f"Name the lock number {n} on the canal.", "completion": f"Lock {n * n}."}
        for n in range(count)
    ]


def test_accepted_answers_become_a_dataset_once(browser: Browser, ws: Workspace) -> None:
    refused = browser.post("/api/datasets", {"name": "raft", "format": "raft"})
    assert refused.status_code == 400 and "2 pending" in refused.json()["error"]
    accept(ws, [one.id for one in ws.store.examples.iterate()][:1] + add_questions(ws))
    built = browser.post("/api/datasets", {"name": "raft", "format": "raft"})
    assert built.status_code == 200, built.text
    found = built.json()
    assert found["ref"] == "raft@1" and found["format"] == "raft" and found["is_new"]
    assert sum(found["rows"].values()) == 13 and found["rows"]["train"] >= 10
    (row, *_) = (ws.datasets / "raft@1/train.jsonl").read_text().splitlines()
    assert "Context:" in row and row.count("[2]") == 1
    again = browser.post("/api/datasets", {"name": "raft", "format": "raft"}).json()
    assert again["ref"] == "raft@1" and not again["is_new"]
    assert browser.post("/api/datasets", {"name": "../x"}).status_code == 400


def test_a_share_is_set_aside_to_find_what_to_correct(browser: Browser, ws: Workspace) -> None:
    accept(ws, add_questions(ws))
    found = browser.post("/api/datasets", {"name": "asked", "probe": 0.3}).json()
    assert found["rows"] == {"train": 6, "val": 1, "test": 1, "probe": 4}
    assert browser.post("/api/datasets", {"name": "asked", "probe": 0.9}).status_code == 422
    assert browser.post(
        "/api/datasets/load", {"name": "a", "upload": "b", "probe": 0.1}
    ).status_code == 422  # fmt: skip


def test_rows_leave_as_they_were_frozen_and_come_back(browser: Browser, ws: Workspace) -> None:
    first = load(browser, lines(prepared(40)))
    assert first.status_code == 200, first.text
    rows = first.json()["rows"]
    assert rows == {"train": 36, "val": 4, "test": 0}
    taken = browser.get("/api/datasets/given@1/rows")
    assert taken.content == (ws.datasets / "given@1/train.jsonl").read_bytes()
    assert "given-1-train.jsonl" in taken.headers["content-disposition"]
    assert browser.get("/api/datasets/given/rows", split="probe").status_code == 404
    assert browser.get("/api/datasets/nobody/rows").status_code == 404
    back = load(browser, taken.content, "again").json()
    assert sum(back["rows"].values()) == rows["train"]
    same = load(browser, lines(prepared(40))).json()
    assert same["ref"] == "given@1" and not same["is_new"]


def test_a_loaded_dataset_is_one_to_train_on(browser: Browser) -> None:
    assert load(browser, lines(prepared(40))).status_code == 200
    menu = browser.get("/api/trainings/menu").json()
    (one,) = menu["datasets"]
    assert (one["ref"], one["format"], one["rows"]) == ("given@1", "sft", 36)
    recipe = {"base": "hone-nano", "dataset": "given", "lora": {"r": 4}, "training": {"epochs": 1}}
    planned = browser.post("/api/trainings/plan", {"recipe": recipe})
    assert planned.status_code == 200, planned.text
    assert planned.json()["plan"]["steps"] == 9 and planned.json()["missing"] == []


def test_conversations_and_pairs_are_read(browser: Browser, ws: Workspace) -> None:
    turns = [
        {"role": "user", "content": "Is it open?"}, {"role": "assistant", "content": "Yes."},
    ]  # fmt: skip
    assert load(browser, lines([{"messages": turns}]), "talk").status_code == 200
    (row,) = (ws.datasets / "talk@1/train.jsonl").read_text().splitlines()
    assert json.loads(row) == {
        "id": "line-1", "prompt": turns[:1], "completion": turns[1:], "weight": 1.0,
    }  # fmt: skip
    pair = {"prompt": "Is it open?", "chosen": "Yes.", "rejected": "No."}
    assert load(browser, lines([pair]), "pairs", "dpo").json()["format"] == "dpo"


def test_what_is_wrong_is_said_by_its_line_and_nothing_is_kept(
    browser: Browser, ws: Workspace
) -> None:
    content = b"\n".join(
        [
            b'{"prompt": "a?", "completion": "b."}',
            b"",
            b'{"prompt": "a?"}',
            b'{"prompt": " ", "completion": "b."}',
            b"{no",
            b"[1]",
            b'{"prompt": "a?", "completion": "\xff"}',
            b'{"prompt": "a?", "completion": "b", "weight": NaN}',
            b'{"prompt": "a?", "completion": "\\ud800"}',
            b'{"messages": [{"role": "user", "content": "a?"}]}',
            b'{"prompt": [{"role": "oracle", "content": "a?"}], "completion": "b"}',
            b"[" * 100_000,
        ]
    )
    refused = load(browser, content)
    assert refused.status_code == 400
    said = refused.json()
    assert "10 lines are no row of the format sft" in said["error"]
    assert '{"prompt"' in said["hint"]
    for number, words in [
        (3, "no completion"), (4, "prompt is empty"), (5, "no JSON"), (6, "no object"),
        (7, "no UTF-8"), (8, "weight"), (9, "half a character"), (10, "not the assistant's"),
        (11, "no role"), (12, "nested"),
    ]:  # fmt: skip
        (line,) = [one for one in said["problems"] if one.startswith(f"Line {number}:")]
        assert words in line, line
    assert ws.store.datasets.list() == [] and list(ws.datasets.glob("*")) == []
    many = load(browser, b"{}\n" * 50).json()["problems"]
    assert len(many) == 21 and many[-1] == "… and 30 more."
    assert "holds no rows" in load(browser, b"\n\n").json()["error"]
    same = {"prompt": "a?", "chosen": "b", "rejected": "b"}
    assert "are the same" in load(browser, lines([same]), "p", "dpo").json()["problems"][0]
    assert load(browser, lines([same]), "p", "regression").status_code == 400


def test_what_is_tested_here_does_not_come_back_in_a_file(browser: Browser, ws: Workspace) -> None:
    accept(ws, add_questions(ws))
    assert browser.post("/api/datasets", {"name": "harbour"}).status_code == 200
    frozen = (ws.datasets / "harbour@1/test.jsonl").read_text()
    held = [json.loads(row) for row in frozen.splitlines()]
    assert held
    found = load(browser, lines([*prepared(10), *held])).json()
    assert found["kept_out"]["quarantine"] == len(held)
    trained = (ws.datasets / "given@1/train.jsonl").read_text()
    assert all(json.dumps(one["completion"])[1:-1] not in trained for one in held)
    alone = load(browser, lines(held), "alone")
    assert alone.status_code == 400 and "tested here" in alone.json()["error"]


def test_reviewers_take_rows_along_and_make_none(browser: Browser, ws: Workspace) -> None:
    load(browser, lines(prepared(4)))
    people.add_person(ws, "vera", "reviewer", "password of vera")
    vera = Browser(Site(ws, access(is_shared=True))).sign_in(
        name="vera", password="password of vera"
    )
    assert vera.get("/api/datasets/given/rows").status_code == 200
    assert vera.post("/api/datasets", {"name": "mine"}).status_code == 403
    assert load(vera, lines(prepared(4))).status_code == 403
