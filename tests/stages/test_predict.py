"""Predictions: one message or a file, by the right model, rules or both, never half-written."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hone.errors import Conflict, HoneError, InvalidInput, NotFound
from hone.importers._questions import Asked
from hone.records.task import Task
from hone.stages.predict import (
    PredictReport,
    predict_file,
    predict_message,
    predict_messages,
    predict_options,
    sample_inputs,
)
from hone.workspace.open import Workspace, init_workspace, open_workspace
from tests.stages.answering import (
    Answers,
    Lines,
    make_workspace,
    message,
    output,
    register,
    write_lines,
)
from tests.targets.here import Here


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "ws"
    with make_workspace(root) as workspace:
        register(workspace)
        register(workspace)
        workspace.store.models.set_active("pickup@v1")
    return root


@pytest.fixture
def ws(built: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(built, tmp_path / "ws")
    with open_workspace(tmp_path / "ws") as workspace:
        yield workspace


def one(ws: Workspace, text: str = "3 cases of apples", target: Any = None, **choices: Any) -> Any:
    return predict_message(ws, text, predict_options(**choices), target=target or Here(Answers()))


def file(ws: Workspace, source: Path, target: Here | None = None, **choices: Any) -> PredictReport:
    files = (source, ws.root / "answers.jsonl")
    return predict_file(ws, files, predict_options(**choices), target=target or Here(Answers()))


def messages(ws: Workspace, *count: int) -> Path:
    return write_lines(ws.root / "in.jsonl", [{"message": message(n)} for n in range(*count)])


# One message


def test_the_active_version_answers_with_output_confidence_and_reference(ws: Workspace) -> None:
    found = one(ws)
    (answer,) = found.answers
    assert answer.by == "pickup@v1" and answer.output == output(3)
    assert answer.confidence == 0.75 and answer.problems == [] and answer.seconds == 0.25
    assert found.agree is None


def test_nothing_is_left_behind_by_a_single_message(ws: Workspace) -> None:
    target = Here(Answers())
    before = set(Path(tempfile.gettempdir()).glob("hone-predict-*"))
    one(ws, target=target)
    assert set(Path(tempfile.gettempdir()).glob("hone-predict-*")) == before
    assert list(ws.jobs.glob("*/job.json")) == [] and not target.folders[0].path.exists()


@pytest.mark.parametrize(
    ("choices", "by"),
    [
        ({"version": "v2"}, "pickup@v2"),
        ({"version": "pickup@v2"}, "pickup@v2"),
        ({"model": "pickup"}, "pickup@v1"),
        ({"model": "pickup", "version": "v2"}, "pickup@v2"),
        ({"model": "pickup@v2"}, "pickup@v2"),
        ({"model": "small"}, "small"),
    ],
)
def test_a_version_or_a_base_can_be_chosen(ws: Workspace, choices: Any, by: str) -> None:
    assert one(ws, **choices).answers[0].by == by


def test_rules_answer_without_a_worker_and_regex_is_their_other_name(ws: Workspace) -> None:
    idle = Here(Answers())
    for method in ("rules", "regex"):
        (answer,) = one(ws, target=idle, method=method).answers
        assert answer.by == "rules" and answer.output == output(3) and answer.confidence is None
    assert idle.folders == []


def test_both_are_asked_and_compared(ws: Workspace) -> None:
    found = one(ws, method="both")
    assert [answer.by for answer in found.answers] == ["rules", "pickup@v1"] and found.agree is True
    assert one(ws, "8 lbs of romaine", method="both").agree is False


def test_an_answer_that_cannot_be_used_says_why(ws: Workspace) -> None:
    said = iter(['[{"item": "x", "unit": "boxes"}]', "Sure!", ""])

    def answer(contender: str, example: Mapping[str, Any]) -> str:
        return next(said)

    wrong, talk, empty = (
        found.answers[0]
        for found in predict_messages(ws, ["a", "b", "c"], target=Here(Answers(answer)))
    )
    assert wrong.output is not None and "boxes" in wrong.problems[0]
    assert talk.output is None and talk.problems == ["It cannot be read."] and talk.text == "Sure!"
    assert empty.problems == ["The answer is empty."]


def test_no_active_model_is_said_in_two_lines(ws: Workspace) -> None:
    ws.store.models.delete("pickup@v1")
    with pytest.raises(HoneError) as told:
        one(ws)
    assert str(told.value) == "No model is active.\nhone models set-active pickup@v2"
    ws.store.models.delete("pickup@v2")
    with pytest.raises(HoneError, match="No model is active: none has been trained") as told:
        one(ws)
    assert "hone train" in told.value.hint and "--method rules" in told.value.hint


def test_several_active_models_are_listed(ws: Workspace) -> None:
    ws.store.models.set_active(register(ws, "other"))
    with pytest.raises(InvalidInput, match="other@v1, pickup@v1"):
        one(ws)
    assert one(ws, model="other").answers[0].by == "other@v1"


def test_unknown_names_and_empty_messages_are_refused(ws: Workspace) -> None:
    with pytest.raises(NotFound, match="pickup@v9"):
        one(ws, version="v9")
    with pytest.raises(NotFound, match="pikcup"):
        one(ws, model="pikcup")
    with pytest.raises(InvalidInput, match="message is missing"):
        one(ws, "")
    with pytest.raises(InvalidInput, match="method"):
        one(ws, method="magic")
    with pytest.raises(InvalidInput) as told:
        predict_messages(ws, ["fine", "", {"question": "?"}], target=Here(Answers()))
    assert [problem.split(":")[0] for problem in told.value.problems][:2] == [
        "message 2",
        "message 3",
    ]


def test_a_worker_that_dies_is_explained_and_its_folder_goes(ws: Workspace) -> None:
    target = Here(Answers(dies_after=0))
    with pytest.raises(HoneError, match="ended without a word") as told:
        one(ws, target=target)
    assert told.value.hint == "Run the same command again."
    assert not target.folders[0].path.exists()


# A file


def test_a_file_is_answered_row_by_row_in_its_order(ws: Workspace) -> None:
    report = file(ws, messages(ws, 1, 40))
    rows = Lines.of(Path(report.output)).rows
    assert [row["row"] for row in rows] == list(range(1, 40))
    assert [row["input"]["message"] for row in rows] == [message(n) for n in range(1, 40)]
    assert rows[2]["answers"][0]["output"] == output(3)
    assert (report.read, report.answered, report.refused) == (39, 39, 0)
    assert report.seconds_per_message == {"pickup@v1": 0.25} and report.model == "pickup@v1"


def test_rows_that_cannot_be_asked_keep_their_place_and_say_why(ws: Workspace) -> None:
    rows = [{"message": message(1)}, {"message": ""}, {"message": None}, {"message": message(4)}]
    source = write_lines(ws.root / "in.jsonl", rows)
    source.write_text(
        source.read_text() + "not JSON\n" + json.dumps({"message": message(5)}) + "\n"
    )
    for method in ("model", "rules", "both"):
        report = file(ws, source, method=method)
        found = Lines.of(Path(report.output)).rows
        assert [bool(row["problem"]) for row in found] == [False, True, True, False, True, False]
        assert (report.answered, report.refused) == (3, 3)
        Path(report.output).unlink()


@pytest.mark.parametrize("method", ["rules", "both"])
def test_progress_is_told_up_to_the_last_message(ws: Workspace, method: str) -> None:
    seen: list[tuple[int, int | None]] = []
    files = (messages(ws, 1, 6), ws.root / "answers.jsonl")
    predict_file(
        ws,
        files,
        predict_options(method=method),
        target=Here(Answers()),
        on_progress=lambda done, total: seen.append((done, total)),
    )
    answers = 5 if method == "rules" else 10
    assert seen[-1] == (answers, answers)


def test_both_count_how_often_they_agree(ws: Workspace) -> None:
    report = file(ws, messages(ws, 1, 11), method="both")
    assert report.agreed == 8  # 8: rules are wrong; 10: the model is
    assert report.with_problems == 0 and set(report.seconds_per_message) == {"rules", "pickup@v1"}


def test_a_csv_and_rows_in_our_own_layout_are_read(ws: Workspace) -> None:
    source = ws.root / "in.csv"
    source.write_text('when,Message\nnow,"5 cases of beans"\nthen,"6 lbs of corn"\n')
    report = file(ws, source, method="rules")
    assert [row["input"]["message"] for row in Lines.of(Path(report.output)).rows][
        1
    ] == "6 lbs of corn"
    Path(report.output).unlink()
    own = write_lines(ws.root / "own.jsonl", [{"id": "x", "input": {"message": message(2)}}])
    assert file(ws, own, method="rules").answered == 1


def test_a_killed_worker_leaves_no_output_and_the_same_command_goes_on(ws: Workspace) -> None:
    source = messages(ws, 1, 21)
    with pytest.raises(HoneError, match="ended without a word") as told:
        file(ws, source, Here(Answers(dies_after=8)))
    assert told.value.hint == "Run the same command again: it goes on."
    assert not (ws.root / "answers.jsonl").exists()
    going_on = Answers()
    report = file(ws, source, Here(going_on))
    assert going_on.answered == 12 and report.answered == 20
    assert len(list(ws.jobs.glob("*/job.json"))) == 1
    # Once written, the same file is a new question again: the model may have changed.
    Path(report.output).unlink()
    assert file(ws, source).job != report.job


def test_a_changed_file_or_another_version_is_another_job(ws: Workspace) -> None:
    source = messages(ws, 1, 5)
    with pytest.raises(HoneError):
        file(ws, source, Here(Answers(dies_after=2)))
    answers = Answers()
    file(ws, messages(ws, 1, 6), Here(answers))
    assert answers.answered == 5
    (ws.root / "answers.jsonl").unlink()
    answers = Answers()
    file(ws, messages(ws, 1, 5), Here(answers), version="v2")
    assert answers.answered == 4


def test_an_output_is_never_overwritten_and_is_jsonl(ws: Workspace) -> None:
    source = messages(ws, 1, 3)
    (ws.root / "answers.jsonl").write_text("mine")
    with pytest.raises(Conflict, match="exists already"):
        file(ws, source)
    assert (ws.root / "answers.jsonl").read_text() == "mine"
    with pytest.raises(InvalidInput, match=r"as JSONL, not as \.xlsx"):
        predict_file(ws, (source, ws.root / "a.xlsx"))


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("", "is empty"),
        ('{"title": "a", "shelf": "b"}\n', "no column that is asked"),
        ('{"message": ""}\n{"message": 3.5e400}\n', "No row of the file can be asked"),
    ],
)
def test_a_file_without_messages_is_refused(ws: Workspace, content: str, match: str) -> None:
    source = ws.root / "in.jsonl"
    source.write_text(content)
    with pytest.raises(HoneError, match=match):
        file(ws, source)
    assert not (ws.root / "answers.jsonl").exists() and list(ws.jobs.glob("*/job.json")) == []


def test_a_missing_file_is_refused(ws: Workspace) -> None:
    with pytest.raises(NotFound, match="There is no file"):
        file(ws, ws.root / "nowhere.jsonl")


def test_samples_for_validating_come_from_messages_and_a_sound_file(ws: Workspace) -> None:
    found = sample_inputs(ws, "pickup@v1", messages=["a"], file=messages(ws, 1, 3))
    first, *rows = found
    assert first == "a"
    assert [one.input for one in rows if isinstance(one, Asked)] == [
        {"message": message(1)}, {"message": message(2)},
    ]  # fmt: skip
    bad = write_lines(ws.root / "bad.jsonl", [{"message": "x"}, {"message": ""}])
    with pytest.raises(InvalidInput, match="1 rows of"):
        sample_inputs(ws, "pickup@v1", messages=[], file=bad)


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace whose questions are asked about passages."""
    task = Task.model_validate({"kind": "qa", "name": "gates", "context": True})
    with init_workspace(tmp_path / "asking", task=task) as workspace:
        yield workspace


SHOWN = "Gate 4 opens at nine."


def test_a_question_is_asked_about_the_passages_that_come_with_it(
    asking: Workspace, tmp_path: Path
) -> None:
    shown: list[list[str]] = []

    def answer(contender: str, asked: Mapping[str, Any]) -> str:
        shown.append([one["text"] for one in asked["context"]])
        return "at nine"

    options, target = predict_options(model="hone-nano"), Here(Answers(answer))
    question = "When does gate 4 open?"
    predict_messages(asking, [question], options, passages=[SHOWN, "It is red."], target=target)
    predict_messages(asking, [question], options, target=target)
    table = tmp_path / "asked.csv"
    table.write_text(f"Question,Passage\n{question},{SHOWN}\n")
    predict_file(asking, (table, tmp_path / "out.jsonl"), options, target=target)
    rows = sample_inputs(asking, "hone-nano", messages=[], file=table)
    predict_messages(asking, rows, options, target=target)
    assert shown == [[SHOWN, "It is red."], [], [SHOWN], [SHOWN]]


def test_passages_for_a_task_that_shows_none_are_refused(ws: Workspace) -> None:
    with pytest.raises(InvalidInput, match="pickup is asked without passages"):
        predict_messages(ws, ["3 cases"], predict_options(), passages=[SHOWN])


def test_memory_stays_flat_where_answers_are_many(tmp_path: Path) -> None:
    from hone.workspace.predictions import PredictionFile

    path = tmp_path / "p.jsonl"
    path.write_text(
        "".join(json.dumps({"id": str(n), "text": f"{n} " * 50}) + "\n" for n in range(500))
        + '{"id": "9'
    )
    found = PredictionFile(path)
    assert found.get("499") is not None and found.get("499").text.startswith("499 ")
    assert found.get("9").text.startswith("9 ") and found.get("500") is None
    found.close()


def test_without_rules_the_model_is_named_as_the_way(ws: Workspace, tmp_path: Path) -> None:
    (ws.root / "tasks" / "plain.yaml").write_text(
        "kind: extract\nname: plain\nfields: {item: {type: string}}\n"
    )
    with pytest.raises(InvalidInput, match="The task plain names no rules") as told:
        one(ws, method="rules", task="plain")
    assert "rules/plain.yaml" in told.value.hint and "--method model" in told.value.hint
    with (
        init_workspace(tmp_path / "qa") as other,
        pytest.raises(InvalidInput, match="The task qa names no rules") as told,
    ):
        one(other, method="rules")
    assert told.value.hint.startswith("--method model")
