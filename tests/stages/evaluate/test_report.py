"""Evaluations are taken in exactly once: report, store, metadata, after any interruption."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hone.errors import Conflict, HoneError
from hone.records.evaluation import Evaluation
from hone.records.model import ModelVersion
from hone.stages.evaluate import (
    EvaluateOptions,
    collect_all_evaluated,
    collect_evaluated,
    evaluate,
    finish,
    report_path,
)
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from hone.workspace.predictions import read_predictions
from tests.stages.answering import (
    Answers,
    Lines,
    message,
    output,
    write_lines,
)
from tests.stages.evaluate.running import asked, numbers, run, split_of
from tests.targets.here import Here


def test_a_quick_sample_is_drawn_by_the_seed_and_is_no_figure_of_the_model(ws: Workspace) -> None:
    first, again, other = (run(ws, sample=8, seed=seed) for seed in (3, 3, 4))
    assert numbers(asked(ws, first)) == numbers(asked(ws, again)) != numbers(asked(ws, other))
    assert first.sample == 8 and set(numbers(asked(ws, first))) <= {
        int(one[1:]) for one in split_of(ws, "test")
    }
    assert ws.store.models.get("pickup@v1").model.metrics == {}
    assert run(ws, sample=500).sample == 24


def test_report_copy_store_and_metadata_hold_the_same_figures(ws: Workspace) -> None:
    found = run(ws)
    job = JobFolder(ws.jobs / str(found.job)).job
    path = report_path(ws, job)
    assert path.parent == ws.reports and path.name.startswith("eval_pickup@v1_2")
    assert Evaluation.model_validate_json(path.read_text()) == found
    assert (ws.data / "metrics" / path.name).read_bytes() == path.read_bytes()
    assert ws.store.evaluations.list("pickup@v1") == [found]
    each = Lines.of(ws.data / "metrics" / f"{path.stem}_examples.jsonl").rows
    assert len(each) == 5 * 24
    assert set(each[0]) == {"id", "contender", "score", "band", "input", "text", "answer"}
    registered = ws.store.models.get("pickup@v1")
    on_disk = ModelVersion.model_validate_json((registered.folder / "metadata.json").read_text())
    assert on_disk == registered.model
    assert on_disk.metrics["field_f1"] == found.rows[-1].score
    assert on_disk.metrics["field_f1"].on == "pickup@1/test"
    assert not [name for name in on_disk.metrics if name.startswith("field.")]


def test_figures_of_another_file_do_not_replace_those_of_the_own_test_split(
    ws: Workspace, tmp_path: Path
) -> None:
    file = write_lines(
        tmp_path / "n.jsonl",
        [{"input": {"message": message(n)}, "output": output(n)} for n in (100, 110)],
    )
    run(ws, on=str(file))
    assert ws.store.models.get("pickup").model.metrics["field_f1"].on == "n.jsonl"
    run(ws)
    run(ws, on=str(file))
    assert ws.store.models.get("pickup").model.metrics["field_f1"].on == "pickup@1/test"
    run(ws, on="pickup@1/val")
    assert ws.store.models.get("pickup").model.metrics["field_f1"].on == "pickup@1/test"


def test_a_killed_worker_is_explained_and_the_same_command_goes_on(ws: Workspace) -> None:
    dying = Here(Answers(dies_after=30))
    job = evaluate(ws, "pickup", target=dying)
    with pytest.raises(HoneError, match="ended without a word") as told:
        finish(ws, job.id)
    assert told.value.hint == f"hone jobs resume {job.id}"
    with pytest.raises(Conflict, match="has not succeeded"):
        collect_evaluated(ws, job.id)
    going_on = Answers()
    again = evaluate(ws, "pickup", target=Here(going_on))
    assert again.id == job.id and going_on.answered == 5 * 24 - 30
    finish(ws, again.id)
    assert len(ws.store.evaluations.list()) == 1
    assert len(list(ws.reports.glob("*.json"))) == 1


def test_answers_that_were_not_taken_in_yet_are_not_asked_for_again(ws: Workspace) -> None:
    first = evaluate(ws, "pickup", target=Here(Answers()))
    idle = Here(Answers())
    assert evaluate(ws, "pickup", target=idle).id == first.id and idle.folders == []
    taken = collect_all_evaluated(ws)
    assert [one.id for one in taken.evaluations] == [first.id] and taken.problems == []
    assert collect_all_evaluated(ws).evaluations == []


def test_taking_in_twice_changes_nothing(ws: Workspace) -> None:
    job = evaluate(ws, "pickup", target=Here(Answers()))
    first = collect_evaluated(ws, job.id)
    files = {path: path.read_bytes() for path in _files(ws)}
    rows = list(ws.store.evaluations.scores(first.id))
    assert collect_evaluated(ws, job.id) == first
    assert {path: path.read_bytes() for path in _files(ws)} == files
    assert list(ws.store.evaluations.scores(first.id)) == rows
    assert len(ws.store.evaluations.list()) == 1


def _files(ws: Workspace) -> list[Path]:
    folders = (ws.reports, ws.data / "metrics", ws.models)
    return [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]


def test_an_answer_that_is_missing_is_an_error_not_a_zero(ws: Workspace) -> None:
    job = evaluate(ws, "pickup", target=Here(Answers()))
    file = JobFolder(ws.jobs / job.id).predictions / "base.jsonl"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-2]))
    with pytest.raises(HoneError, match="base left 2 of 24 examples without an answer"):
        finish(ws, job.id)
    assert ws.store.evaluations.list() == [] and list(ws.reports.iterdir()) == []


def test_torn_damaged_and_double_lines_of_answers_are_read_as_what_they_are(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    file.write_bytes(
        b'{"id": "a", "text": "old"}\n\xff\xfe\n[1]\n{"text": "no id"}\n'
        b'{"id": "a", "text": "new", "seconds": 2, "unknown": 1}\n{"id": "b", "te'
    )
    found = read_predictions(file).answers
    assert set(found) == {"a"} and found["a"].text == "new" and found["a"].seconds == 2


def test_troubles_of_answering_are_counted_and_said(ws: Workspace) -> None:
    job = evaluate(ws, "pickup", target=Here(Answers()))
    file = JobFolder(ws.jobs / job.id).predictions / "base.jsonl"
    rows = Lines.of(file).rows
    rows[0] |= {"is_complete": False}
    rows[1] |= {"cut_tokens": 12}
    rows[2] |= {"text": "", "problem": "The prompt cannot be cut."}
    write_lines(file, rows)
    found = finish(ws, job.id)
    assert found.rows[0].troubles == {"not_answered": 1, "cut_off": 1, "prompt_shortened": 1}
    assert len(found.notes) == 3 and any(
        one.startswith("base left 1 of 24 without an answer:") for one in found.notes
    )


def test_an_evaluation_of_a_model_deleted_meanwhile_is_still_reported(ws: Workspace) -> None:
    job = evaluate(ws, "pickup", target=Here(Answers()))
    ws.store.models.delete("pickup@v1")
    assert collect_evaluated(ws, job.id).model == "pickup@v1"


def test_a_deleted_job_folder_does_not_stand_in_the_way(ws: Workspace) -> None:
    job = evaluate(ws, "pickup", target=Here(Answers(dies_after=5)))
    shutil.rmtree(ws.jobs / job.id)
    assert run(ws).rows[-1].examples == 24


def test_the_file_with_lines_that_look_ended_stays_whole(ws: Workspace, tmp_path: Path) -> None:
    text = "90 lbs of rice\u2028to the\u0085shelter\r\nplease"
    file = write_lines(tmp_path / "u.jsonl", [{"input": {"message": text}, "output": output(90)}])
    found = run(ws, on=str(file), rows=["base"])
    raw = (ws.jobs / str(found.job) / "inputs" / "examples.jsonl").read_text(encoding="utf-8")
    assert len(raw.splitlines()) == 1 and asked(ws, found)[0]["input"]["message"] == text


def test_default_options_are_the_documented_ones() -> None:
    options = EvaluateOptions()
    assert options.rows == [
        "base", "few-shot", "retrieval", "rules", "mean", "tuned",
    ] and options.shots == 4  # fmt: skip
