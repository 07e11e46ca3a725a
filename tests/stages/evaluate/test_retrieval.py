"""The row "retrieval only": what search among accepted answers gives, and never more than that."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hone import shelf
from hone.records.evaluation import Contender
from hone.rendering.messages import question_in
from hone.stages.evaluate import retrieval
from hone.stages.evaluate.questions import frozen_rows
from hone.worker.answering import answers, questions_of
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from tests.stages.answering import Lines, example, message, output, write_lines
from tests.stages.evaluate.running import run, split_of


def known(ws: Workspace, job: str | None) -> list[dict[str, Any]]:
    return Lines.of(ws.jobs / str(job) / "inputs" / "retrieval.jsonl").rows


def answers_to(file: Path, texts: list[str]) -> list[str]:
    generator = shelf.load("generators", "retrieval")
    return [one.text for one in generator.run(texts, generator.Options(file=file))]


def test_the_likest_known_question_gives_its_answer_word_for_word(tmp_path: Path) -> None:
    file = write_lines(
        tmp_path / "known.jsonl",
        [
            {"id": "a", "text": "two loaves of bread at the pier", "answer": "bread"},
            {"id": "b", "text": "a crate of milk at the old mill", "answer": "milk"},
            {"id": "c", "text": "a crate of milk at the old mill", "answer": "a later twin"},
        ],
    )
    said = answers_to(
        file, ["three loaves of bread at the pier", "A CRATE of milk at the mill", "zzz qqq vvv"]
    )
    assert said == ["bread", "milk", ""]
    assert answers_to(file, []) == []


def test_many_questions_are_answered_as_each_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"id": str(n), "text": message(n), "answer": str(n)} for n in range(40)]
    file = write_lines(tmp_path / "known.jsonl", rows)
    asked = [message(n) for n in range(30, 60)]
    alone = [answers_to(file, [text])[0] for text in asked]
    monkeypatch.setattr("hone.generators.retrieval.AT_ONCE", 7)
    assert answers_to(file, asked) == alone
    assert alone[:10] == [str(n) for n in range(30, 40)]


def test_it_looks_in_the_train_split_and_nowhere_else(ws: Workspace) -> None:
    found = run(ws)
    there = known(ws, found.job)
    assert {one["id"] for one in there} == set(split_of(ws, "train"))
    frozen = {row["id"]: row for row in frozen_rows(ws.datasets / "pickup@1" / "train.jsonl")}
    for one in there:
        assert one["answer"] == frozen[one["id"]]["completion"][-1]["content"]
        assert one["text"] == question_in(frozen[one["id"]]["prompt"])
    spec = JobFolder(ws.jobs / str(found.job)).job.spec
    (row,) = (one for one in spec["contenders"] if one["name"] == "retrieval")
    assert row["options"] == {"file": str(ws.jobs / str(found.job) / "inputs" / "retrieval.jsonl")}
    assert found.differences["pickup@v1 - retrieval"].low is not None


def test_what_is_asked_is_not_found_with_its_own_answer(ws: Workspace, tmp_path: Path) -> None:
    trained = split_of(ws, "train")
    job = run(ws, on="pickup@1/train", only=trained[:3]).job
    assert {one["id"] for one in known(ws, job)} == set(trained[3:])
    # The same words in a file, under another name.
    asked = [ws.store.examples.get(id) for id in trained[:2]]
    rows = [{"input": one.input, "output": output(one.position)} for one in asked]
    file = write_lines(tmp_path / "again.jsonl", rows)
    job = run(ws, on=str(file), includes_trained=True).job
    assert {one["id"] for one in known(ws, job)} == set(trained[2:])


def test_of_very_many_examples_a_fair_sample_is_kept(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieval, "MOST_KNOWN", 10)
    trained = split_of(ws, "train")
    found = run(ws)
    assert f"The row retrieval looks in 10 of {len(trained)} train examples." in found.notes
    one, same = known(ws, found.job), known(ws, run(ws).job)
    assert one == same and len(one) == 10
    order = {id: place for place, id in enumerate(split_of(ws, "train"))}
    assert [order[row["id"]] for row in one] == sorted(order[row["id"]] for row in one)
    drawn = Counter(
        row["id"]
        for seed in range(12)
        for row in known(ws, run(ws, rows=["retrieval"], seed=seed).job)
    )
    assert set(drawn) == set(trained) and max(drawn.values()) < 12


def test_without_a_train_split_there_is_no_row_and_a_note(ws: Workspace) -> None:
    (ws.datasets / "pickup@1" / "train.jsonl").unlink()
    found = run(ws)
    assert "retrieval" not in [row.contender for row in found.rows]
    assert "No row retrieval: pickup@1 has no train answers." in found.notes


def test_a_base_that_is_asked_a_file_has_nothing_to_look_in(ws: Workspace, tmp_path: Path) -> None:
    one = example(7)
    file = write_lines(tmp_path / "n.jsonl", [{"input": one.input, "output": output(7)}])
    found = run(ws, "small", on=str(file), task="pickup")
    assert [row.contender for row in found.rows] == ["base", "rules"]
    assert "No row retrieval: there is no train split to look in." in found.notes


def test_the_worker_answers_by_it_without_a_model(ws: Workspace) -> None:
    found = run(ws)
    folder = JobFolder(ws.jobs / str(found.job))
    contender = next(one for one in folder.job.spec["contenders"] if one["name"] == "retrieval")
    asked = questions_of(folder)
    lines = [
        line
        for batch in answers(folder, ws.task("pickup"), Contender.model_validate(contender), asked)
        for line in batch
    ]
    assert [line["id"] for line in lines] == [one.id for one in asked]
    there = {one["answer"] for one in known(ws, found.job)}
    assert all(line["text"] in there and line["seconds"] >= 0 for line in lines)
    assert all(json.loads(line["text"]) for line in lines)
