"""A split of any format can be asked: each example once, with what its rows hold to be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from hone import shelf
from hone.stages.evaluate.options import EvaluateOptions
from hone.stages.evaluate.questions import choose_questions
from tests.stages.prepare.mixed import BOOK, NEWS, built, mixed, rows_in, split_ids


@pytest.mark.parametrize("name", shelf.names("formats"))
def test_every_example_is_asked_once(name: str, tmp_path: Path) -> None:
    task = NEWS if name == "regression" else BOOK
    with mixed(tmp_path / "ws", 120, 3, task=task) as ws:
        done = built(ws, name)
        options = EvaluateOptions(on="book@1/train", includes_trained=True)
        found = choose_questions(ws, task, [], options)
        standing = {one.id: one for one in ws.store.examples.iterate()}
        ids = [one.id for one in found.items]
        rejected = {
            id for id in split_ids(done.folder)["train"] if standing[id].status == "rejected"
        }
        assert len(ids) == len(set(ids))
        assert set(ids) == split_ids(done.folder)["train"] - rejected
        assert bool(rejected) == (name == "kto")
        told = f"{len(rejected)} examples of book@1/train were only rejected"
        assert any(told in note for note in found.notes) == bool(rejected)
        if name == "raft":
            written = {one["id"]: one["completion"] for one in rows_in(done.folder, "train")}
            assert all(one.answer == written[one.id][0]["content"] for one in found.items)
            return
        kind = shelf.load("tasks", task.kind)
        for one in found.items:
            assert one.answer == kind.answer_text(task, standing[one.id].output)
