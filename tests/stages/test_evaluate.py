"""Evaluations: the right rows on fair examples, figures with intervals, taken in exactly once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hone import shelf
from hone.errors import Conflict, HoneError, InvalidInput
from hone.metrics._intervals import bootstrap_mean, paired_difference, wilson
from hone.records.evaluation import Contender, Evaluation
from hone.records.model import ModelVersion
from hone.records.task import Task
from hone.stages.evaluate import (
    EvaluateOptions,
    collect_all_evaluated,
    collect_evaluated,
    evaluate,
    evaluate_options,
    finish,
    report_path,
)
from hone.stages.evaluate.score import figures, task_scores
from hone.stages.prepare import BuildOptions, build_dataset
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace, open_workspace
from hone.workspace.predictions import read_predictions
from tests.stages.answering import (
    AnsweringTarget,
    Lines,
    by_plan,
    make_workspace,
    message,
    output,
    register,
    write_base,
    write_lines,
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "ws"
    with make_workspace(root) as workspace:
        register(workspace)
    return root


@pytest.fixture
def ws(built: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(built, tmp_path / "ws")
    with open_workspace(tmp_path / "ws") as workspace:
        yield workspace


def run(
    ws: Workspace, model: str = "pickup", target: AnsweringTarget | None = None, **options: Any
) -> Evaluation:
    job = evaluate(ws, model, evaluate_options(**options), target=target or AnsweringTarget())
    return finish(ws, job.id)


def asked(ws: Workspace, evaluation: Evaluation) -> list[dict[str, Any]]:
    return Lines.of(ws.jobs / str(evaluation.job) / "inputs" / "examples.jsonl").rows


def split_of(ws: Workspace, split: str, ref: str = "pickup@1") -> list[str]:
    return [one.id for one in ws.store.datasets.members(ref) if one.split == split]


def numbers(rows: list[dict[str, Any]]) -> list[int]:
    return [int(row["input"]["message"].split()[0]) for row in rows]


# Rows and figures


def test_base_few_shot_rules_and_the_model_answer_the_whole_test_split(ws: Workspace) -> None:
    found = run(ws)
    assert [row.contender for row in found.rows] == ["base", "few-shot", "rules", "pickup@v1"]
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
        for name in ("base", "few-shot", "rules", "pickup@v1")
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
    for other in ("base", "few-shot", "rules"):
        measured = found.differences[f"pickup@v1 - {other}"]
        expected = paired_difference(one_by_one["pickup@v1"], one_by_one[other], seed=0)
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
    assert (exact.value, exact.low, exact.high) == pytest.approx(tuple(wilson(right, 24)))
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
        "score": ['{"labels": {"a": 3, "b": 7}}', '{"labels": {"a": 3.5, "b": 10}}', "x", "{}"],
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
            "score": {"field_f1", "json_valid"},
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

    found = run(ws, target=AnsweringTarget(babble))
    assert all(len(row.metrics) < 20 for row in found.rows)


# Who answers


def test_a_base_is_compared_with_its_own_few_shot_prompt_only(ws: Workspace) -> None:
    found = run(ws, "small", on="pickup@1")
    assert [row.contender for row in found.rows] == ["base", "few-shot"]
    assert list(found.differences) == ["few-shot - base"]
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
    assert [row.contender for row in run(ws).rows] == ["base", "few-shot", "pickup@v1"]


def test_the_job_keeps_its_own_copy_of_the_rules(ws: Workspace) -> None:
    found = run(ws)
    folder = JobFolder(ws.jobs / str(found.job))
    file = next(c for c in folder.job.spec["contenders"] if c["name"] == "rules")["options"]["file"]
    assert Path(file) == folder.inputs / "rules.yaml" and Path(file).is_file()


# Worked examples


def shots_of(ws: Workspace, found: Evaluation) -> list[dict[str, Any]]:
    return Lines.of(ws.jobs / str(found.job) / "inputs" / "shots.jsonl").rows


def test_worked_examples_come_from_the_train_split_only_and_by_the_seed(ws: Workspace) -> None:
    train = {message(int(one[1:])) for one in split_of(ws, "train")}
    drawn = [shots_of(ws, run(ws, seed=seed, shots=6)) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    for shots in drawn:
        assert len(shots) == 6 == len({one["input"]["message"] for one in shots})
        assert {one["input"]["message"] for one in shots} <= train
        for one in shots:
            assert json.loads(one["answer"])[0]["quantity"] == int(
                one["input"]["message"].split()[0]
            )


def test_worked_examples_are_spread_over_the_labels(tmp_path: Path) -> None:
    from hone.records.review import Decision

    with make_workspace(tmp_path / "ws", count=40) as ws:
        rare = [f"e{number:03}" for number in (5, 15, 25, 35)]
        nothing = [
            Decision(op_id=f"n{one}", example_id=one, verdict="edit", reviewer="ann", output=[])
            for one in rare
        ]
        ws.store.journal.decide(nothing)
        ratios = {"train": 1.0, "val": 0.0, "test": 0.0}
        build_dataset(ws, "all", BuildOptions.model_validate({"ratios": ratios}))
        register(ws, dataset="all@1")
        test = write_lines(
            tmp_path / "t.jsonl", [{"input": {"message": "900 lbs of milk"}, "output": output(900)}]
        )
        for seed in range(5):
            shots = shots_of(ws, run(ws, on=str(test), seed=seed, shots=4))
            # Four of forty have no record: drawn by chance alone they would rarely be shown.
            assert sum(one["answer"] == "[]" for one in shots) == 2


def test_a_small_context_gets_fewer_worked_examples_and_says_so(tmp_path: Path) -> None:
    with make_workspace(tmp_path / "ws", context=160) as ws:
        register(ws)
        found = run(ws, shots=8)
        few_shot = JobFolder(ws.jobs / str(found.job)).job.spec["contenders"][1]
        assert 0 < few_shot["shots"] < 8 and len(shots_of(ws, found)) == few_shot["shots"]
        assert any(f"{few_shot['shots']} of 8 worked examples fit" in note for note in found.notes)


def test_without_a_train_split_there_is_no_few_shot_row(ws: Workspace, tmp_path: Path) -> None:
    file = write_lines(
        tmp_path / "new.jsonl", [{"input": {"message": message(77)}, "output": output(77)}]
    )
    found = run(ws, "small", on=str(file))
    assert [row.contender for row in found.rows] == ["base"]
    assert any("No row few-shot" in note for note in found.notes)


def test_answers_get_room_for_half_more_than_the_longest_trained_one(ws: Workspace) -> None:
    from hone.rendering.tokens import Renderer

    renderer = Renderer.load(ws.root / "small")
    longest = 0
    for line in (ws.datasets / "pickup@1" / "train.jsonl").read_text().splitlines():
        row = renderer.training_row(
            [*json.loads(line)["prompt"], *json.loads(line)["completion"]], 999
        )
        longest = max(longest, row.trained_tokens)
    spec = JobFolder(ws.jobs / str(run(ws).job)).job.spec
    assert longest * 1.4 < spec["max_new_tokens"] < longest * 1.5 + 9
    assert JobFolder(ws.jobs / str(run(ws, max_new_tokens=7).job)).job.spec["max_new_tokens"] == 7


# On what


def test_a_file_is_evaluated_without_the_examples_that_were_trained_on(
    ws: Workspace, tmp_path: Path
) -> None:
    trained = [int(one[1:]) for one in split_of(ws, "train")[:3]]
    new = [101, 102, 103, 104]
    rows = [
        {"input": {"message": message(n).upper() if n < 100 else message(n)}, "output": output(n)}
        for n in (*trained, *new)
    ]
    file = write_lines(tmp_path / "mixed.jsonl", rows)
    found = run(ws, on=str(file))
    assert numbers(asked(ws, found)) == new
    assert found.notes == ["3 of 7 examples were left out: they were trained on."]
    kept = run(ws, on=str(file), includes_trained=True)
    assert kept.trained_on == 3 and "show memory, not skill" in kept.notes[0]
    only = write_lines(tmp_path / "old.jsonl", rows[:3])
    with pytest.raises(InvalidInput, match=r"All 3 examples of old\.jsonl were trained on"):
        run(ws, on=str(only))


def test_what_an_ancestor_was_trained_on_counts_as_trained(ws: Workspace, tmp_path: Path) -> None:
    build_dataset(
        ws,
        "second",
        BuildOptions.model_validate(
            {"ratios": {"train": 0.4, "val": 0.1, "test": 0.5}, "query": {"files": ["b.csv"]}}
        ),
    )
    child = register(ws, "child", dataset="second@1", parents=["pickup@v1"])
    in_first = split_of(ws, "train")
    found = run(ws, child, on="pickup@1/train")
    assert found.trained_on == len(in_first)


def test_the_train_split_by_name_is_labelled_and_kept_out_of_the_metadata(ws: Workspace) -> None:
    found = run(ws, on="pickup@1/train")
    assert found.trained_on == 30 == found.rows[0].examples
    assert "30 of 30 examples were trained on" in found.notes[0]
    assert ws.store.models.get("pickup@v1").model.metrics == {}


def test_the_frozen_answer_counts_though_the_example_was_corrected_since(ws: Workspace) -> None:
    from hone.records.review import Decision

    changed = split_of(ws, "test")[5]
    ws.store.journal.decide(
        [
            Decision(
                op_id="x",
                example_id=changed,
                verdict="edit",
                reviewer="ann",
                output=[{"item": "soap"}],
            )
        ]
    )
    found = run(ws)
    assert ws.store.examples.get(changed).output == [{"item": "soap"}]
    assert json.loads(asked(ws, found)[5]["answer"]) == output(int(changed[1:]))


def test_csv_files_and_own_exports_are_read_and_unfit_rows_left_out(
    ws: Workspace, tmp_path: Path
) -> None:
    file = tmp_path / "new.csv"
    file.write_text(
        "message,item,quantity,unit\n90 lbs of rice,rice,90,lbs\n,bread,1,lbs\n"
        "91 cases of milk,milk,91,boxes\n"
    )
    found = run(ws, on=str(file))
    assert numbers(asked(ws, found)) == [90]
    assert "2 rows of new.csv were left out" in found.notes[0] and "boxes" in found.notes[0]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("", "is empty"),
        ("   \n\n", "is empty"),
        ("\x00\x01\x02" * 50, "jsonl"),
        ('{"title": "t", "body": "b"}\n', "does not show what is asked"),
        ('{"input": {"message": "5 lbs of rice"}}\n', "No row of .* is an example"),
        ('{"input": {"question": "why?"}, "output": {"answer": "so"}}\n', "No row of"),
    ],
)
def test_a_file_of_another_shape_is_refused_with_the_reason(
    ws: Workspace, tmp_path: Path, content: str, match: str
) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text(content)
    with pytest.raises(HoneError, match=match) as told:
        run(ws, on=str(file))
    assert told.value.hint
    assert list(ws.jobs.glob("*/job.json")) == []


@pytest.mark.parametrize(
    ("model", "options", "match", "hint"),
    [
        ("pickup@v9", {}, 'no model "pickup@v9"', "pickup@v1"),
        ("pickpu", {}, '"pickpu"', "pickup"),
        ("pickup", {"on": "pickup@1/tset"}, 'no split "tset"', '"test"'),
        ("pickup", {"on": "pikcup"}, 'no dataset "pikcup"', "pickup@1"),
        ("pickup", {"on": "pickup@1/probe"}, "has no probe split", "pickup@1/"),
        ("pickup", {"on": "gone.jsonl"}, "no file gone.jsonl", "path"),
        ("pickup", {"further": ["nobody"]}, '"nobody"', "pickup"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(
    ws: Workspace, model: str, options: dict[str, Any], match: str, hint: str
) -> None:
    with pytest.raises(HoneError, match=match) as told:
        run(ws, model, **options)
    assert hint in told.value.hint
    assert list(ws.jobs.glob("*/job.json")) == []


def test_options_out_of_range_are_all_named_at_once() -> None:
    with pytest.raises(InvalidInput) as told:
        evaluate_options(shots=0, sample=-1, rows=["base", "best"])
    assert len(told.value.problems) == 3


# What is no longer as it was


def test_a_changed_base_template_task_or_adapter_is_refused(ws: Workspace) -> None:
    adapter = ws.models / "pickup" / "v1" / "adapter_model.safetensors"
    before = adapter.read_bytes()
    adapter.write_bytes(b"other")
    with pytest.raises(InvalidInput, match="was changed after pickup@v1 was registered"):
        run(ws)
    adapter.unlink()
    with pytest.raises(InvalidInput, match=r"adapter_model.safetensors is gone"):
        run(ws)
    adapter.write_bytes(before)
    task = ws.root / "tasks" / "pickup.yaml"
    was = task.read_text()
    task.write_text(was.replace("as JSON", "as json"))
    with pytest.raises(InvalidInput, match="was changed after pickup@1 was built") as told:
        run(ws)
    assert "task file" in told.value.hint
    task.write_text(was)
    template = ws.root / "small" / "chat_template.jinja"
    template.write_text(template.read_text() + "{# #}")
    with pytest.raises(InvalidInput, match="chat template or tokenizer") as told:
        run(ws)
    assert told.value.hint.startswith("Put the old files back")


def test_other_weights_of_the_base_are_refused(ws: Workspace) -> None:
    weights = ws.root / "small" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(InvalidInput, match="is not the one that pickup@v1 was trained on"):
        run(ws)


def test_a_split_that_was_changed_after_freezing_is_refused(ws: Workspace) -> None:
    file = ws.datasets / "pickup@1" / "test.jsonl"
    file.write_text(file.read_text().replace("bread", "cake"))
    with pytest.raises(HoneError, match="was changed after it was frozen"):
        run(ws)


# Sample, report, metadata


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
    assert len(each) == 4 * 24
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


# Cut off, and once only


def test_a_killed_worker_is_explained_and_the_same_command_goes_on(ws: Workspace) -> None:
    dying = AnsweringTarget(dies_after=30)
    job = evaluate(ws, "pickup", target=dying)
    with pytest.raises(HoneError, match="ended without a word") as told:
        finish(ws, job.id)
    assert told.value.hint == f"hone jobs resume {job.id}"
    with pytest.raises(Conflict, match="has not succeeded"):
        collect_evaluated(ws, job.id)
    going_on = AnsweringTarget()
    again = evaluate(ws, "pickup", target=going_on)
    assert again.id == job.id and going_on.answered == 4 * 24 - 30
    finish(ws, again.id)
    assert len(ws.store.evaluations.list()) == 1
    assert len(list(ws.reports.iterdir())) == 1


def test_answers_that_were_not_taken_in_yet_are_not_asked_for_again(ws: Workspace) -> None:
    first = evaluate(ws, "pickup", target=AnsweringTarget())
    idle = AnsweringTarget()
    assert evaluate(ws, "pickup", target=idle).id == first.id and idle.folders == []
    taken = collect_all_evaluated(ws)
    assert [one.id for one in taken.evaluations] == [first.id] and taken.problems == []
    assert collect_all_evaluated(ws).evaluations == []


def test_taking_in_twice_changes_nothing(ws: Workspace) -> None:
    job = evaluate(ws, "pickup", target=AnsweringTarget())
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
    job = evaluate(ws, "pickup", target=AnsweringTarget())
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
    found = read_predictions(file)
    assert set(found) == {"a"} and found["a"].text == "new" and found["a"].seconds == 2


def test_troubles_of_answering_are_counted_and_said(ws: Workspace) -> None:
    job = evaluate(ws, "pickup", target=AnsweringTarget())
    file = JobFolder(ws.jobs / job.id).predictions / "base.jsonl"
    rows = Lines.of(file).rows
    rows[0] |= {"is_complete": False}
    rows[1] |= {"cut_tokens": 12}
    rows[2] |= {"text": "", "problem": "The prompt cannot be cut."}
    write_lines(file, rows)
    found = finish(ws, job.id)
    assert found.rows[0].troubles == {"not_answered": 1, "cut_off": 1, "prompt_shortened": 1}
    assert len(found.notes) == 3 and "1 of 24 were not answered by base." in found.notes


def test_an_evaluation_of_a_model_deleted_meanwhile_is_still_reported(ws: Workspace) -> None:
    job = evaluate(ws, "pickup", target=AnsweringTarget())
    ws.store.models.delete("pickup@v1")
    assert collect_evaluated(ws, job.id).model == "pickup@v1"


def test_a_deleted_job_folder_does_not_stand_in_the_way(ws: Workspace) -> None:
    job = evaluate(ws, "pickup", target=AnsweringTarget(dies_after=5))
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
    assert options.rows == ["base", "few-shot", "rules", "tuned"] and options.shots == 4
