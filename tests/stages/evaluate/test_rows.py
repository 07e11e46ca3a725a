"""Evaluations: the right rows, and figures with intervals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hone import shelf
from hone.errors import HoneError, InvalidInput
from hone.metrics._intervals import bootstrap_mean, proportion
from hone.metrics._paired import paired_interval
from hone.metrics.by_example import task_scores
from hone.records.evaluation import Contender
from hone.records.task import Task
from hone.stages.evaluate.score import figures
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from tests.stages.answering import (
    Answers,
    by_plan,
    register,
    write_base,
)
from tests.stages.evaluate.running import asked, run, split_of
from tests.targets.here import Here


def test_base_few_shot_rules_and_the_model_answer_the_whole_test_split(ws: Workspace) -> None:
    found = run(ws)
    assert [row.contender for row in found.rows] == [
        "base",
        "few-shot",
        "retrieval",
        "rules",
        "pickup@v1",
    ]
    assert found.on == "pickup@1/test" and {row.examples for row in found.rows} == {24}
    assert [one["id"] for one in asked(ws, found)] == split_of(ws, "test")
    assert found.trained_on == 0 and found.notes == []


def test_scores_bands_and_differences_are_those_of_the_answers(ws: Workspace) -> None:
    found = run(ws)
    kind, task = shelf.load("tasks", "extract"), ws.task("pickup")
    one_by_one = {
        name: [
            kind.score(task, by_plan(name, one), json.loads(one["answer"]))
            for one in asked(ws, found)
        ]
        for name in ("base", "few-shot", "retrieval", "rules", "pickup@v1")
    }
    for row in found.rows:
        scores = one_by_one[row.contender]
        assert row.score.value == pytest.approx(sum(scores) / len(scores))
        assert row.bands == {
            band: sum(band == _colour(score) for score in scores)
            for band in {_colour(score) for score in scores}
        }
        assert row.seconds == pytest.approx(0.25 * 24)
        stored = {
            one.example_id: one.score
            for one in ws.store.evaluations.scores(found.id, row.contender)
        }
        assert list(stored.values()) == pytest.approx(scores)
    for other in ("base", "few-shot", "retrieval", "rules"):
        measured = found.differences[f"pickup@v1 - {other}"]
        expected = paired_interval(np.subtract(one_by_one["pickup@v1"], one_by_one[other]), seed=0)
        assert (measured.value, measured.low, measured.high) == pytest.approx(tuple(expected))


def _colour(score: float) -> str:
    # QA-14: red [0, 0.4), orange [0.4, 0.6), yellow [0.6, 0.8], green (0.8, 1].
    if score < 0.4:
        return "red"
    return "orange" if score < 0.6 else "yellow" if score <= 0.8 else "green"


def test_proportions_have_wilson_and_means_bootstrap_intervals(ws: Workspace) -> None:
    found = run(ws)
    tuned = found.rows[-1]
    right = sum(by_plan("tuned", one) == one["answer"] for one in asked(ws, found))
    assert 20 <= right < 24
    exact = tuned.metrics["exact_match"]
    assert (exact.value, exact.low, exact.high) == pytest.approx(tuple(proportion(right, 24)))
    scores = [one.score for one in ws.store.evaluations.scores(found.id, "pickup@v1")]
    by_id = dict(zip(sorted(split_of(ws, "test")), scores, strict=True))
    in_order = [by_id[one] for one in split_of(ws, "test")]
    expected = bootstrap_mean(in_order, seed=0)
    assert (tuned.score.low, tuned.score.high) == pytest.approx((expected.low, expected.high))
    assert (
        tuned.metrics["json_valid"].value == 1.0
        and found.rows[0].metrics["json_valid"].value == 0.0
    )
    assert tuned.metrics["field.item.recall"].value == pytest.approx(right / 24, abs=0.1)


def test_the_same_evaluation_again_gives_the_same_figures(ws: Workspace) -> None:
    first, second = run(ws), run(ws)
    assert first.id != second.id
    assert [row.model_dump() for row in first.rows] == [row.model_dump() for row in second.rows]
    assert first.differences == second.differences


@pytest.mark.parametrize("kind", ["qa", "chat", "score", "extract"])
def test_scores_of_thousands_are_those_of_one_by_one(kind: str) -> None:
    tasks = {
        "qa": {"kind": "qa", "name": "t"},
        "chat": {"kind": "chat", "name": "t"},
        "score": {"kind": "score", "name": "t", "dimensions": ["a", "b"]},
        "extract": {"kind": "extract", "name": "t", "fields": {"a": {}}, "many": True},
    }
    task, module = Task.model_validate(tasks[kind]), shelf.load("tasks", kind)
    answers = {
        "qa": ["The ark.", "the Ark of Noah", "", "an"],
        "chat": ["Yes, on Friday.", "no", "Yes on friday", ""],
        "score": ['{"a": 3, "b": 7}', '{"a": 3.5, "b": 10}', "x", '{"a": 3}'],
        "extract": ['[{"a": "x"}]', '[{"a": "x"}, {"a": "y"}]', "[]", "no JSON"],
    }[kind]
    right = {"qa": "Noah's ark", "chat": "Yes, Friday", "score": answers[0], "extract": answers[1]}
    truth = [right[kind]] * len(answers)
    expected = [module.score(task, one, module.parse(task, right[kind])) for one in answers]
    assert task_scores(task, answers, truth) == pytest.approx(expected)
    assert (
        set(figures(task, answers, truth))
        >= {
            "qa": {"exact_match", "token_f1", "rouge_l", "bleu"},
            "chat": {"token_f1", "rouge_l", "bleu"},
            "score": {"mae", "rmse", "labels_read", "dimension.a.mae", "dimension.b.rmse"},
            "extract": {
                "field_f1",
                "json_valid",
                "json_exact",
                "micro_f1",
                "field.a.f1",
                "exact_match",
            },
        }[kind]
    )


def test_corpus_bleu_has_no_interval_and_every_mean_has_one() -> None:
    task = Task.model_validate({"kind": "qa", "name": "t"})
    found = figures(task, ["a b c d", "e f"], ["a b c d", "e g"])
    assert found["bleu"].low is None
    assert all(found[name].low is not None for name in ("exact_match", "token_f1", "rouge_l"))


def test_fields_that_a_model_invents_do_not_flood_the_report(ws: Workspace) -> None:
    def babble(contender: str, example: Mapping[str, Any]) -> str:
        return json.dumps([{f"field {i} of {example['id']}": 1 for i in range(50)}])

    found = run(ws, target=Here(Answers(babble)))
    # Those of the task and its fields, and four of confidence.
    assert all(len(row.metrics) < 24 for row in found.rows)


def test_a_base_is_compared_with_what_needs_no_model_of_its_own(ws: Workspace) -> None:
    found = run(ws, "small", on="pickup@1")
    assert [row.contender for row in found.rows] == ["base", "few-shot", "retrieval", "rules"]
    assert list(found.differences) == ["few-shot - base", "retrieval - base", "rules - base"]
    assert found.model == "small" and found.differences["few-shot - base"].value > 0.3


def test_rows_can_be_left_out_and_further_models_join_with_their_own_bases(ws: Workspace) -> None:
    other = write_base(ws.root / "other")
    control = Contender(name="shuffled", generator="model", options={"base": str(other)})
    second = register(ws)
    found = run(ws, "pickup@v1", rows=["base", "tuned"], further=[second, control])
    assert [row.contender for row in found.rows] == ["base", "pickup@v1", "pickup@v2", "shuffled"]
    assert set(found.differences) == {
        "pickup@v1 - base", "pickup@v1 - pickup@v2", "pickup@v1 - shuffled"
    }  # fmt: skip
    contenders = JobFolder(ws.jobs / str(found.job)).job.spec["contenders"]
    assert contenders[-1]["options"] == {"base": str(other)}
    assert contenders[1]["options"]["adapter"].endswith("models/pickup/v1")


def test_a_contender_of_ones_own_may_name_its_files_from_the_workspace(ws: Workspace) -> None:
    (ws.root / "controls").mkdir()
    control = Contender(
        name="control",
        generator="adapter",
        options={"base": "small", "adapter": "controls", "device": "cpu"},
    )
    found = run(ws, rows=["tuned"], further=[control])
    options = JobFolder(ws.jobs / str(found.job)).job.spec["contenders"][-1]["options"]
    assert options["base"] == str(ws.root / "small")
    assert options["adapter"] == str(ws.root / "controls") and options["device"] == "cpu"


@pytest.mark.parametrize(
    ("generator", "options", "match"),
    [
        ("magic", {}, 'No "magic" among the generators'),
        ("model", {"base": "nowhere"}, "nowhere"),
        ("adapter", {"base": "small", "adapter": "gone"}, "there is no .*gone"),
        ("model", {"base": "small", "temperature": 1}, "temperature"),
        ("rules", {"file": "rules/gone.yaml"}, "there is no .*gone"),
    ],
)
def test_a_contender_that_cannot_answer_is_refused_before_the_job(
    ws: Workspace, generator: str, options: dict[str, str], match: str
) -> None:
    with pytest.raises(HoneError, match=match):
        run(ws, further=[Contender(name="own", generator=generator, options=options)])
    assert list(ws.jobs.glob("*/job.json")) == []


@pytest.mark.parametrize("name", ["base", "../out", "a/b", ""])
def test_a_contender_whose_name_is_taken_or_no_file_name_is_refused(
    ws: Workspace, name: str
) -> None:
    twin = Contender(name=name, generator="model", options={"base": str(ws.root / "small")})
    with pytest.raises(InvalidInput, match="cannot be compared"):
        run(ws, further=[twin])


def test_a_task_without_rules_has_no_rules_row_and_broken_rules_are_refused(ws: Workspace) -> None:
    (ws.root / "rules" / "pickup.yaml").write_text("rules: 1\nshapes: ['(']\n")
    with pytest.raises(InvalidInput, match="not a regular expression"):
        run(ws)
    file = ws.root / "tasks" / "pickup.yaml"
    file.write_text(
        "\n".join(line for line in file.read_text().splitlines() if "rules:" not in line)
    )
    assert [row.contender for row in run(ws).rows] == ["base", "few-shot", "retrieval", "pickup@v1"]


def test_the_job_keeps_its_own_copy_of_the_rules(ws: Workspace) -> None:
    found = run(ws)
    folder = JobFolder(ws.jobs / str(found.job))
    file = next(c for c in folder.job.spec["contenders"] if c["name"] == "rules")["options"]["file"]
    assert Path(file) == folder.inputs / "rules.yaml" and Path(file).is_file()
