"""The demonstration's steps before training, its controls, and its closing table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hone import loop
from hone.demo import run as demonstration
from hone.demo.controls import NANO, write_random_base
from hone.demo.messages import generate
from hone.errors import HoneError
from hone.records.evaluation import Evaluation
from hone.workspace.bases import find_base


class Told:
    """Keeps what the demonstration says."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def step(self, text: str) -> None:
        self.lines.append(text)

    def detail(self, text: str) -> None:
        self.lines.append(text)

    def progress(self, done: int, total: int | None) -> None:
        assert done >= 0


def test_messages_are_proposed_by_rules_and_decided_from_the_truth(tmp_path: Path) -> None:
    told = Told()
    messages = generate("train", 120, 0)
    with demonstration._workspace(tmp_path / "demo", told) as ws:
        demonstration._import(ws, messages, told)
        demonstration._review(ws, messages, told)
        truth = {message.text: message.items for message in messages}
        found = list(ws.store.examples.iterate())
        assert len(found) == 120
        for example in found:
            # Every output is the label, whatever the rules had proposed.
            assert example.output == truth[example.input["message"]]
            is_right = example.suggestions[0].output == example.output
            assert example.status == ("accepted" if is_right else "edited")
            assert example.reviewer == "demo-reviewer"
        assert loop.build_dataset(ws, "pickup").manifest.splits["train"].rows == 96
    assert any("Reviewed 120 of 120 (0 pending)" in line for line in told.lines)


def test_a_folder_that_holds_a_workspace_is_refused(tmp_path: Path) -> None:
    demonstration._workspace(tmp_path / "demo", Told()).close()
    with pytest.raises(HoneError, match="holds a workspace already"):
        demonstration._workspace(tmp_path / "demo", Told())


def test_the_random_control_has_the_shape_of_nano_and_an_embedding_of_its_length(
    tmp_path: Path,
) -> None:
    from safetensors.numpy import load_file

    folder = write_random_base(tmp_path / "random", seed=0)
    with demonstration._workspace(tmp_path / "demo", Told()) as ws:
        random, nano = find_base(ws, str(folder)), find_base(ws, "hone-nano")
    assert random.parameters == nano.parameters and random.shapes == nano.shapes
    drawn = load_file(folder / "model.safetensors")
    lengths = np.sqrt(np.mean(np.square(drawn["model.embed_tokens.weight"])))
    from hone.demo.controls import _read_trained

    trained = _read_trained()["model.embed_tokens.weight"]
    assert lengths == pytest.approx(np.sqrt(np.mean(np.square(trained))), rel=0.02)
    assert (folder / "tokenizer.json").read_bytes() == (NANO / "tokenizer.json").read_bytes()
    before = (folder / "model.safetensors").read_bytes()
    again = write_random_base(tmp_path / "again", seed=0)
    assert (again / "model.safetensors").read_bytes() == before


def test_the_table_shows_every_contender_with_its_interval(tmp_path: Path) -> None:
    figure = {"value": 0.5, "low": 0.4, "high": 0.6}
    names = ["base", "few-shot", "retrieval", "rules", "pickup@v1", "control-random@v1"]
    names += ["control-plain@v1"]
    rows = [
        {"contender": n, "examples": 9, "score": figure, "metrics": {"exact_match": figure}}
        for n in names
    ]
    one = Evaluation.model_validate(
        {"id": "e", "model": "pickup@v1", "task": "pickup", "on": "f", "rows": rows,
         "at": "2026-11-20T00:00:00Z"}
    )  # fmt: skip
    done = demonstration.Demonstrated(
        tmp_path, dict.fromkeys(demonstration.COLUMNS, one), {"pickup": 1.0}, 2.0
    )
    columns, cells = demonstration.table_of(done)
    assert len(columns) == 7 and [row[0].partition(":")[0] for row in cells] == [
        "base", "few-shot", "search", "rules", "tuned", "control", "control",
    ]  # fmt: skip
    assert cells[0][1:3] == ["0.500 [0.400, 0.600]", "0.500"]
    (tmp_path / "reports").mkdir()
    demonstration._write_summary(done)
    assert "0.500 [0.400, 0.600]" in (tmp_path / "reports" / "demo.md").read_text()
    assert json.loads(json.dumps(cells))
