"""What is asked: fair examples, whole files, worked examples from train only, sound models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hone.errors import HoneError, InvalidInput
from hone.stages.evaluate import (
    evaluate_options,
)
from hone.stages.prepare import BuildOptions, build_dataset
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from tests.stages.answering import (
    make_workspace,
    message,
    output,
    register,
    write_lines,
)
from tests.stages.evaluate.running import asked, numbers, run, shots_of, split_of


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


def test_what_is_asked_is_never_shown_as_a_worked_example(ws: Workspace, tmp_path: Path) -> None:
    train = [int(one[1:]) for one in split_of(ws, "train")]
    shown = train[:28]
    rows = [{"input": {"message": message(n)}, "output": output(n)} for n in shown]
    file = write_lines(tmp_path / "mostly.jsonl", rows)
    for found in (
        run(ws, on=str(file), includes_trained=True, shots=5),
        run(ws, on="pickup@1/train", sample=28, shots=5),
    ):
        questions = {one["input"]["message"] for one in asked(ws, found)}
        shots = {one["input"]["message"] for one in shots_of(ws, found)}
        assert len(questions) == 28 and len(shots) == 2 and not questions & shots
        assert any("only 2 examples" in note for note in found.notes)


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
    assert [row.contender for row in found.rows] == ["base", "rules"]
    assert any("No row few-shot" in note for note in found.notes)


def test_answers_get_room_for_a_quarter_more_than_the_longest_trained_one(ws: Workspace) -> None:
    from hone.rendering.tokens import Renderer

    renderer = Renderer.load(ws.root / "small")
    longest = 0
    for line in (ws.datasets / "pickup@1" / "train.jsonl").read_text().splitlines():
        row = renderer.training_row(
            [*json.loads(line)["prompt"], *json.loads(line)["completion"]], 999
        )
        longest = max(longest, row.trained_tokens)
    spec = JobFolder(ws.jobs / str(run(ws).job)).job.spec
    assert longest * 1.2 < spec["max_new_tokens"] < longest * 1.25 + 9
    assert JobFolder(ws.jobs / str(run(ws, max_new_tokens=7).job)).job.spec["max_new_tokens"] == 7


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
    assert found.notes == [
        "Left out because they were trained on: 3 of 7 examples.",
        "Only 4 examples: intervals of so few are too narrow, and say little.",
    ]
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
    assert "Trained on: 30 of 30 examples" in found.notes[0]
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
    assert "Rows of new.csv left out: 2" in found.notes[0] and "boxes" in found.notes[0]


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
