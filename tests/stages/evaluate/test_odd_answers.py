"""Answers that are missing, doubled, empty or endless are said clearly and scored as they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hone.errors import HoneError, InvalidInput
from hone.records.evaluation import Evaluation
from hone.stages.evaluate import evaluate, finish
from hone.worker.answering import answers, questions_of
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from tests.stages.answering import Answers, Lines, output, write_lines
from tests.stages.evaluate.running import run, split_of
from tests.targets.here import Here


class WithFiles(Answers):
    """The work of a worker, contenders of files among them."""

    def _line(self, name: str, one: Mapping[str, Any]) -> dict[str, Any]:
        return self.given.get(name, {}).get(one["id"]) or super()._line(name, one)

    def __call__(self, folder: JobFolder) -> None:
        from hone.records.evaluation import Contender
        from hone.records.task import Task

        task = Task.model_validate(folder.job.spec["task"])
        questions = questions_of(folder)
        self.given = {
            one["name"]: {
                line["id"]: line
                for batch in answers(folder, task, Contender.model_validate(one), questions)
                for line in batch
            }
            for one in folder.job.spec["contenders"]
            if one["generator"] in ("file", "constant")
        }
        super().__call__(folder)


def given(ws: Workspace, rows: list[dict[str, Any]], name: str = "theirs") -> Path:
    return write_lines(ws.root / f"{name}.jsonl", rows)


def right(ws: Workspace, example_id: str) -> str:
    return json.dumps(ws.store.examples.get(example_id).output)


def beside(ws: Workspace, file: Path) -> Evaluation:
    return run(ws, target=Here(WithFiles()), rows=["tuned"], further=[str(file)])


def test_answers_of_a_file_are_scored_beside_the_model(ws: Workspace) -> None:
    ids = split_of(ws, "test")
    found = beside(ws, given(ws, [{"id": one, "text": right(ws, one)} for one in ids]))
    assert [row.contender for row in found.rows] == ["pickup@v1", "theirs"]
    assert found.rows[1].score.value == 1 and found.notes == []
    assert "pickup@v1 - theirs" in found.differences
    # The job has a copy of its own, which nobody edits meanwhile.
    options = JobFolder(ws.jobs / str(found.job)).job.spec["contenders"][1]["options"]
    assert Path(options["file"]).parent.name == "inputs"


def test_what_a_file_does_not_answer_counts_as_wrong_and_is_said(ws: Workspace) -> None:
    ids = split_of(ws, "test")
    rows = [{"id": one, "text": right(ws, one)} for one in ids[:20]]
    found = beside(ws, given(ws, [*rows, {"id": "nobody", "text": "[]"}]))
    theirs = found.rows[1]
    assert theirs.examples == 24 and theirs.score.value == pytest.approx(20 / 24)
    assert theirs.troubles == {"not_answered": 4}
    assert found.notes == [
        "1 answers of theirs.jsonl are to examples that are not asked.",
        "theirs left 4 of 24 without an answer: each counts as wrong.",
    ]


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ([{"id": "e001", "text": "a"}, {"id": "e001", "text": "b"}], "e001 are answered more than"),
        ([{"id": "e001"}], "line 1 hold no id with a text"),
        ([{"id": "e001", "text": 3}, ["x"]], "line 1, line 2 hold no id"),
        ([], "it holds no line"),
        ([{"id": "nobody", "text": "a"}], "answers none of the 24 examples"),
    ],
)
def test_a_file_that_cannot_be_scored_is_refused_before_anybody_is_asked(
    ws: Workspace, rows: list[Any], match: str
) -> None:
    with pytest.raises(InvalidInput, match=match) as caught:
        beside(ws, given(ws, rows))
    assert caught.value.hint and list(ws.jobs.glob("*/job.json")) == []


def test_an_endless_answer_of_a_file_is_cut_off_and_said(ws: Workspace) -> None:
    ids = split_of(ws, "test")
    rows = [{"id": one, "text": "x" * 300_000 if one == ids[0] else right(ws, one)} for one in ids]
    found = beside(ws, given(ws, rows))
    assert found.rows[1].troubles == {"cut_off": 1}
    assert found.rows[1].score.value == pytest.approx(23 / 24)


def test_a_model_that_answers_nothing_is_scored_and_said(ws: Workspace) -> None:
    found = run(ws, target=Here(Answers(lambda name, one: "")), rows=["tuned"])
    assert found.rows[0].score.value == 0 and found.rows[0].troubles == {"empty": 24}
    assert found.notes == ["pickup@v1 answered nothing to 24 of 24: they are scored as they are."]


def test_an_answer_without_an_end_is_scored_and_said(ws: Workspace) -> None:
    job = evaluate(ws, "pickup", target=Here(Answers(lambda name, one: "[" * 50_000)))
    file = JobFolder(ws.jobs / job.id).predictions / "pickup@v1.jsonl"
    write_lines(file, [{**row, "is_complete": False} for row in Lines.of(file).rows])
    found = finish(ws, job.id)
    assert found.rows[-1].score.value == 0 and found.rows[-1].troubles == {"cut_off": 24}


def test_lines_that_count_for_nothing_are_told(ws: Workspace) -> None:
    job = evaluate(ws, "pickup", target=Here(Answers()))
    file = JobFolder(ws.jobs / job.id).predictions / "pickup@v1.jsonl"
    rows = Lines.of(file).rows
    write_lines(file, [{**rows[0], "text": "an older answer"}, *rows, {**rows[0], "id": "nobody"}])
    with file.open("ab") as out:
        out.write(b'{"id": "torn')
    found = finish(ws, job.id)
    assert found.rows[-1].troubles == {"doubled": 1, "torn": 1, "beside": 1}
    assert "pickup@v1 answered 1 examples more than once: the last answer counts." in found.notes
    assert "1 lines of pickup@v1 cannot be read and count as not written." in found.notes


@pytest.mark.parametrize("amount", [1, 5])
def test_few_examples_are_scored_with_a_warning(ws: Workspace, amount: int) -> None:
    found = run(ws, sample=amount)
    assert {row.examples for row in found.rows} == {amount} and found.sample == amount
    assert f"Only {amount} examples: intervals of so few are too narrow" in found.notes[0]
    assert all(row.score.low is not None for row in found.rows)


def test_a_dataset_of_another_task_is_refused_in_two_lines(ws: Workspace) -> None:
    file = ws.root / "tasks" / "pickup.yaml"
    other = file.with_name("other.yaml")
    other.write_text(file.read_text().replace("name: pickup", "name: other"))
    with pytest.raises(HoneError) as caught:
        run(ws, on="pickup@1/test", task="other")
    assert caught.value.hint and "\n" not in caught.value.message


def test_an_empty_right_answer_is_met_by_an_empty_answer_alone(ws: Workspace) -> None:
    rows = [
        {"input": {"message": f"{n} nothing here"}, "output": [] if n else output(9)}
        for n in range(6)
    ]
    file = write_lines(ws.root / "empty.jsonl", rows)
    found = run(
        ws, on=str(file), target=Here(Answers(lambda name, one: "[]")), rows=["base", "tuned"]
    )
    assert found.rows[0].score.value == pytest.approx(5 / 6)
    assert "empty" not in found.rows[0].troubles
