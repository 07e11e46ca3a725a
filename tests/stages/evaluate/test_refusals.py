"""What cannot be evaluated is refused before anything is asked, with what to do instead."""

from __future__ import annotations

import pytest

from hone import loop
from hone.errors import Conflict, HoneError, InvalidInput, NotFound
from hone.records.evaluation import Contender
from hone.records.job import Job
from hone.records.review import Decision
from hone.stages import jobs
from hone.stages.evaluate import (
    collect_evaluated,
    evaluate,
    evaluate_options,
    look_at_answering,
    start_quick,
)
from hone.stages.evaluate.preferring import weighed_of
from hone.stages.evaluate.questions import choose_questions
from hone.stages.jobs.asking import enqueue
from hone.stages.prepare import BuildOptions, build_dataset
from hone.stages.prepare.loaded import Prepared, load_prepared
from hone.stages.registry import load_model
from hone.stages.targets import check_target
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from hone.workspace.predictions import Read, Weighed
from tests.faults.gates import Gate
from tests.stages.answering import TASK, register, write_lines
from tests.stages.evaluate.running import run
from tests.stages.test_train import pausing


def training(ws: Workspace) -> Job:
    return jobs.submit(ws, jobs.new_job("train", {"model_name": "pickup"}), {})


def test_a_training_is_no_evaluation(ws: Workspace) -> None:
    id = training(ws).id
    with pytest.raises(NotFound, match=f"{id} is no evaluation"):
        look_at_answering(ws, id)
    with pytest.raises(Conflict, match=f"{id} is no evaluation"):
        collect_evaluated(ws, id)


def test_a_version_without_a_dataset_has_no_split_to_be_asked(ws: Workspace) -> None:
    register(ws, "found", dataset=None)
    with pytest.raises(InvalidInput, match="found@v1 was trained on no dataset"):
        start_quick(ws, "found@v1", split="probe")


def test_forgetting_needs_a_version_that_went_on(ws: Workspace) -> None:
    with pytest.raises(InvalidInput, match="pickup@v1 does not go on from a version"):
        run(ws, forgetting=True)
    with pytest.raises(InvalidInput, match="on the test split of the older version's dataset"):
        run(ws, forgetting=True, on="pickup@1/test")


def test_another_task_and_examples_that_are_not_there_are_named(ws: Workspace) -> None:
    with pytest.raises(InvalidInput, match=r"pickup@1 belongs to the task pickup, not to other"):
        choose_questions(
            ws, TASK.model_copy(update={"name": "other"}), [], evaluate_options(on="pickup@1/test")
        )
    with pytest.raises(InvalidInput, match="None of these examples stands in pickup@1/test"):
        run(ws, on="pickup@1/test", only=["nobody"])


def test_rows_of_a_prepared_file_cannot_be_asked(ws: Workspace) -> None:
    rows = [{"prompt": f"{n} cases of rye", "completion": "[]"} for n in range(301, 341)]
    file = Prepared(write_lines(ws.root / "given.jsonl", rows), "given.jsonl")
    load_prepared(ws, "given", file)
    with pytest.raises(InvalidInput, match="No row of given@1/val is an example of this") as told:
        run(ws, on="given@1/val")
    assert told.value.hint.startswith("hone datasets list") and "--data FILE" in told.value.hint


def test_what_was_only_rejected_says_nothing_right(ws: Workspace) -> None:
    rejects = [
        Decision(op_id=f"no{n}", example_id=f"e{n:03}", verdict="reject", reviewer="ann")
        for n in range(1, 41)
    ]
    ws.store.journal.decide(rejects)
    options = {"format": "kto", "query": {"status": ["rejected"]}, "similarity": 1}
    build_dataset(ws, "bad", BuildOptions.model_validate(options))
    with pytest.raises(InvalidInput, match=r"No example of bad@1/\w+ says what is right") as told:
        run(ws, on="bad@1/val")
    assert told.value.hint.startswith("hone review --filter rejected")


def test_the_same_evaluation_does_not_run_twice(ws: Workspace, gate: Gate) -> None:
    options = evaluate_options(on="pickup@1/test", rows=["tuned"])
    first = evaluate(ws, "pickup", options, target=pausing(ws, gate))
    gate.wait("after checkpoint")
    with pytest.raises(Conflict) as told:
        evaluate(ws, "pickup", options, target=pausing(ws, gate))
    assert told.value.message == f"This very evaluation already runs as {first.id}."
    assert told.value.hint == f"hone jobs watch {first.id}"
    jobs.stop(ws, first.id, deadline_seconds=0)


def test_with_two_datasets_somebody_has_to_say_which(ws: Workspace) -> None:
    other = ws.store.datasets.get("pickup@1").model_copy(update={"name": "second"})
    ws.store.datasets.freeze(other, ws.store.datasets.members("pickup@1"))
    with pytest.raises(InvalidInput, match="It is not clear what to evaluate on") as told:
        run(ws, model="small")
    assert told.value.hint == "--data pickup/test"


def test_pairs_that_were_left_are_not_passed_over() -> None:
    contender = Contender(name="pickup@v1", generator="adapter")
    read = Read({}, pairs={"e001": Weighed("e001", -1.0, (-2.0,), 1, (1,))})
    with pytest.raises(HoneError, match="pickup@v1 left the pairs of 1 of 2 examples"):
        weighed_of(contender, read, {"e001": ["a"], "e002": ["b"]})


def test_what_gives_numbers_is_not_loaded_to_generate(ws: Workspace) -> None:
    register(ws, "score", details={"method": "regression", "gives": "numbers"})
    with pytest.raises(InvalidInput, match="score@v1 gives numbers: it cannot be loaded"):
        load_model(ws, "score@v1")


def test_the_local_machine_has_no_key_that_could_be_a_new_one(ws: Workspace) -> None:
    with pytest.raises(InvalidInput, match="local has no key"):
        check_target(ws, "local", mends=False, new_key=True)


def test_a_job_is_asked_for_once(ws: Workspace) -> None:
    folder = JobFolder(ws.jobs / training(ws).id)
    enqueue(ws, folder)
    with pytest.raises(Conflict, match="is in hand already"):
        enqueue(ws, folder)


def test_a_version_that_learned_from_nothing_has_no_corrections_to_show(ws: Workspace) -> None:
    register(ws, "found", dataset=None)
    with pytest.raises(HoneError, match="found@v1 was trained on no dataset"):
        loop.report_feedback(ws, "found@v1", before="pickup@v1")
