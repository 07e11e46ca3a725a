"""Flags of questions and answers: free text instead of records, alike instead of equal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hone import loop
from hone.errors import InvalidInput
from hone.records.task import Task
from hone.stages.evaluate import evaluate, evaluate_options, finish
from hone.stages.flags import Saying, find_flags, open_flag, read_output, resolve
from hone.workspace.open import Workspace, init_workspace
from tests.stages.answering import Answers, register, write_base
from tests.stages.prepare.conftest import accept_all, fill, row
from tests.targets.here import Here


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws", task=Task(kind="qa", name="catechism")) as workspace:
        write_base(workspace.root / "small")
        fill(workspace, [row(number) for number in range(80)])
        accept_all(workspace)
        ratios = {"train": 0.5, "val": 0.1, "test": 0.1, "probe": 0.3}
        loop.build_dataset(workspace, "catechism", ratios=ratios)
        register(workspace, "answers", dataset="catechism@1", task="catechism")
        options = evaluate_options(rows=["tuned"], on="catechism@1/probe")
        job = evaluate(workspace, "answers", options, target=Here(Answers(half_right)))
        finish(workspace, job.id)
        yield workspace


def half_right(contender: str, example: Mapping[str, Any]) -> str:
    """Every other answer is another one; every sixth is nothing at all."""
    number = int(example["id"][1:])
    if number % 6 == 0:
        return " "
    return example["answer"] if number % 2 else "Nobody knows what it is"


def test_low_and_empty_answers_are_flagged_with_neighbours(ws: Workspace) -> None:
    found = find_flags(ws)
    assert found.flags and all(int(flag.id[1:]) % 2 == 0 for flag in found.flags)
    empty = {flag.id for flag in found.flags if "The answer is empty." in flag.says}
    assert empty == {flag.id for flag in found.flags if int(flag.id[1:]) % 6 == 0} != set()
    opened = open_flag(ws, found.flags[-1])
    assert opened.neighbours and opened.neighbours[0].asked.startswith("Question ")


def test_a_correction_is_text_and_the_model_s_text_can_be_the_truth(ws: Workspace) -> None:
    flags = {flag.got.strip(): flag for flag in find_flags(ws).flags}
    spoken, silent = flags["Nobody knows what it is"], flags[""]
    task = ws.task("catechism")
    resolve(ws, silent, Saying("edit", "ann", read_output(task, "It is the third lantern.")))
    assert ws.store.examples.get(silent.id).output == {"answer": "It is the third lantern."}
    resolve(ws, spoken, Saying("reference_wrong", "ann"))
    assert ws.store.examples.get(spoken.id).output == {"answer": "Nobody knows what it is"}
    with pytest.raises(InvalidInput, match="cannot be read as an answer of the task catechism"):
        read_output(task, "  ")


def test_an_empty_answer_makes_no_pair_and_a_wrong_one_does(ws: Workspace) -> None:
    said = find_flags(ws).flags
    for flag in said:
        resolve(ws, flag, Saying("confirm", "ann"))
    found = loop.apply_feedback(ws, format="dpo")
    spoken = {flag.id for flag in said if flag.got.strip()}
    lines = [
        json.loads(line)
        for split in ("train", "val")
        for line in (ws.datasets / found.dataset / f"{split}.jsonl").read_text().splitlines()
    ]
    assert {line["id"] for line in lines} == spoken != set()
    assert {line["rejected"][0]["content"] for line in lines} == {"Nobody knows what it is"}
    assert {one.id for one in found.left_out} == {flag.id for flag in said} - spoken
    assert all(one.why.startswith("it makes no pair") for one in found.left_out)
