"""Parts of a train split: nested, seeded, in proportion; nothing is paid for twice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hone import loop
from hone.errors import GateRefused, HoneError, InvalidInput
from hone.records.job import Artefact, Result
from hone.stages import curve, jobs
from hone.stages.evaluate import evaluate, evaluate_options, finish
from hone.stages.prepare import BuildOptions, build_dataset
from hone.stages.train import (
    PlannedSubsets,
    TrainedSubset,
    collect_trained,
    plan_subsets,
    prepare_training,
    train_subsets,
)
from hone.workspace.files import sha256_of, write_atomically
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace, init_workspace, open_workspace
from hone.workspace.store import Filter, new_example
from tests.stages.answering import (
    RULES,
    TASK,
    Answers,
    example,
    make_workspace,
    message,
    output,
)
from tests.stages.training_set import CPU, make_small_base
from tests.targets.here import Here

RECIPE: dict[str, Any] = {
    "base": "tiny",
    "dataset": "pickup@1",
    "lora": {"r": 2},
    "training": {"max_steps": 40, "batch_size": 4, "eval_steps": 20, "warmup_steps": 0},
}
SHARES = (0.125, 0.25, 0.5, 1.0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made") / "ws"
    with make_workspace(root, count=160) as ws:
        make_small_base(ws.root / "tiny", max_position_embeddings=512)
    return root


@pytest.fixture
def ws(made: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(made, tmp_path / "ws")
    with open_workspace(tmp_path / "ws") as workspace:
        yield workspace


def planned(ws: Workspace, **changes: Any) -> PlannedSubsets:
    recipe = {**RECIPE, "training": {**RECIPE["training"], **changes}}
    prepared = prepare_training(ws, recipe, machine=CPU)
    return plan_subsets(ws, prepared, lambda examples: SHARES, [0, 1])


class Trains:
    """Work that leaves an adapter of a few bytes, and dies at the trainings it is told to."""

    def __init__(self, *dies_at: int, fails: bool = False) -> None:
        self.dies_at = set(dies_at)
        self.fails = fails
        self.begun = 0

    def __call__(self, folder: JobFolder) -> None:
        self.begun += 1
        if self.begun in self.dies_at:
            if self.fails:
                folder.append("failed", error="the loss is no number", hint="a lower rate")
                return
            raise KeyboardInterrupt
        file = folder.final / "adapter_model.safetensors"
        file.parent.mkdir(parents=True)
        file.write_text(folder.path.name)
        artefact = Artefact(
            path=f"final/{file.name}", sha256=sha256_of(file), bytes=file.stat().st_size
        )
        folder.write_result(Result(artefacts=[artefact], runtime_seconds=2.0))


def rows_of(ws: Workspace, job: str) -> list[str]:
    lines = (ws.jobs / job / "inputs" / "train.jsonl").read_text().splitlines()
    return [str(json.loads(line)["id"]) for line in lines]


def by_part(trained: list[TrainedSubset]) -> dict[tuple[int, int], TrainedSubset]:
    return {(one.run.seed, one.run.examples): one for one in trained}


def test_parts_lie_within_each_other_and_each_seed_draws_its_own(ws: Workspace) -> None:
    plan = planned(ws)
    trained = by_part(train_subsets(ws, plan, target=Here(Trains())))
    whole = rows_of(ws, trained[0, plan.examples].job)
    assert len(whole) == plan.examples == 80
    for seed in (0, 1):
        parts = [rows_of(ws, trained[seed, size].job) for size in (10, 20, 40, 80)]
        assert [len(part) for part in parts] == [10, 20, 40, 80]
        assert all(set(a) < set(b) for a, b in pairwise(parts))
        # Lines stand as they stood: nothing but the choice differs.
        assert all(part == [one for one in whole if one in part] for part in parts)
    assert set(rows_of(ws, trained[0, 40].job)) != set(rows_of(ws, trained[1, 40].job))


def test_steps_are_in_proportion_and_seeds_are_the_drawn_ones(ws: Workspace) -> None:
    plan = planned(ws)
    assert [(one.examples, one.steps, one.seed) for one in plan.subsets] == [
        (10, 5, 0), (10, 5, 1), (20, 10, 0), (20, 10, 1),
        (40, 20, 0), (40, 20, 1), (80, 40, 0), (80, 40, 1),
    ]  # fmt: skip
    trained = by_part(train_subsets(ws, plan, target=Here(Trains())))
    options = jobs.folder_of(ws, trained[1, 20].job).job.spec["options"]
    values = {key: options[f"training.{key}"]["value"] for key in ("max_steps", "eval_steps")}
    assert values == {"max_steps": 10, "eval_steps": 5}
    assert options["training.seed"]["value"] == 1
    assert options["training.warmup_steps"]["value"] == 0


def test_epochs_give_steps_in_proportion_by_themselves(ws: Workspace) -> None:
    plan = planned(ws, max_steps=None, epochs=2)
    assert [one.steps for one in plan.subsets if one.seed == 0] == [6, 10, 20, 40]


def test_examples_of_a_group_come_together(tmp_path: Path) -> None:
    with init_workspace(tmp_path / "ws", task=TASK) as ws:
        write_atomically(ws.root / "rules" / "pickup.yaml", RULES)
        make_small_base(ws.root / "tiny", max_position_embeddings=512)
        rows = [
            example(number).model_copy(update={"group": f"thread {number // 8}"})
            for number in range(160)
        ]
        ws.store.examples.add_many(new_example(one, search=message(one.position)) for one in rows)
        ws.store.journal.bulk("all", "accept", Filter(status=("pending",)), reviewer="ann")
        ratios = {"train": 0.5, "val": 0.1, "test": 0.4}
        build_dataset(ws, "pickup", BuildOptions.model_validate({"ratios": ratios}))
        trained = by_part(train_subsets(ws, planned(ws), target=Here(Trains())))
        assert {size for _, size in trained} == {16, 24, 40, 80}
        for (_, size), one in trained.items():
            threads = {int(name[1:]) // 8 for name in rows_of(ws, one.job)}
            assert size == 8 * len(threads)


def test_nothing_of_it_becomes_a_version_of_a_model(ws: Workspace) -> None:
    trained = train_subsets(ws, planned(ws), target=Here(Trains()))
    assert collect_trained(ws) == ([], [])
    assert ws.store.models.list() == [] and ws.store.jobs.unsettled() == []
    assert all(one.answers_by and "adapter" in one.answers_by["options"] for one in trained)


@pytest.mark.parametrize("dies_at", [1, 4, 8])
def test_a_curve_that_was_cut_off_goes_on_and_trains_nothing_twice(
    ws: Workspace, dies_at: int
) -> None:
    first = Trains(dies_at)
    with pytest.raises(KeyboardInterrupt):
        train_subsets(ws, planned(ws), target=Here(first))
    second = Trains()
    trained = train_subsets(ws, planned(ws), target=Here(second))
    assert (first.begun, second.begun) == (dies_at, 8 - dies_at + 1)
    assert len({one.job for one in trained}) == len(ws.store.jobs.list()) == 8
    third = Trains()
    assert train_subsets(ws, planned(ws), target=Here(third)) == trained and third.begun == 0


def test_a_training_whose_files_were_changed_is_done_anew(ws: Workspace) -> None:
    before = train_subsets(ws, planned(ws), target=Here(Trains()))
    (ws.jobs / before[2].job / "final" / "adapter_model.safetensors").write_text("else")
    again = Trains()
    after = train_subsets(ws, planned(ws), target=Here(again))
    assert again.begun == 1 and after[2].job != before[2].job
    assert [one.job for one in after[:2]] == [one.job for one in before[:2]]


def test_one_that_failed_is_told_and_the_others_go_on(ws: Workspace) -> None:
    trained = train_subsets(ws, planned(ws), target=Here(Trains(3, fails=True)))
    assert [bool(one.run.problem) for one in trained] == [n == 2 for n in range(8)]
    assert trained[2].run.problem == "the loss is no number. a lower rate"
    assert trained[2].answers_by is None


def test_other_steps_or_seeds_are_other_trainings(ws: Workspace) -> None:
    train_subsets(ws, planned(ws), target=Here(Trains()))
    other = Trains()
    train_subsets(ws, planned(ws, batch_size=8), target=Here(other))
    assert other.begun == 8


def test_a_reward_model_has_no_curve(ws: Workspace) -> None:
    plan = planned(ws)
    changed = plan.prepared.plan.model_copy(update={"method": "reward"})
    with pytest.raises(InvalidInput, match="no score"):
        plan_subsets(ws, plan.prepared._replace(plan=changed), lambda examples: SHARES, [0])


# Asked and judged


def answered_by_size(sizes: Mapping[str, int]) -> Answers:
    """The more it has learned from, the more it gets right."""

    def answer(contender: str, example: Mapping[str, Any]) -> str:
        number = int(str(example["input"]["message"]).split()[0])
        knows = number * 37 % 100 < 90 - 40 * (sizes[contender] / 80) ** -0.4
        return json.dumps(output(number)) if knows else "[]"

    return Answers(answer)


def test_each_model_is_asked_the_same_examples_once_and_the_curve_is_judged(ws: Workspace) -> None:
    plan, wanted = loop.plan_learning_curve(ws, "pickup", RECIPE, points=4, reach=0.9)
    trained = train_subsets(ws, plan, target=Here(Trains()))
    learned = {one.job: one.answers_by for one in trained if one.answers_by}
    owed = curve.whoever_has_not_answered(ws, wanted.on, learned)
    assert [one.name for one in owed] == [one.job for one in trained]
    target = Here(answered_by_size({one.job: one.run.examples for one in trained}))
    options = evaluate_options(on=wanted.on, rows=[], further=owed)
    finish(ws, evaluate(ws, "tiny", options, target=target).id)
    assert curve.whoever_has_not_answered(ws, wanted.on, learned) == []
    found = curve.judge_answers(ws, wanted, plan.facts, [one.run for one in trained])
    assert found.asked == 64 and found.on == "pickup@1/test" and found.examples == 80
    scores = [one.score.value for one in found.runs if one.score is not None]
    assert len(scores) == 8 and scores == sorted(scores) and scores[0] < scores[-1]
    assert found.prediction is not None and found.needed is not None
    files = curve.write_report(ws, found)
    assert all(file.is_file() for file in files)
    # Everything is there already: the whole again costs nothing.
    again = loop.learning_curve(ws, (plan, wanted), confirm_run=True)
    assert again.runs == found.runs and again.prediction == found.prediction
    assert len(ws.store.jobs.list()) == 9


def test_nothing_begins_without_being_confirmed(ws: Workspace) -> None:
    planned_curve = loop.plan_learning_curve(ws, "pickup", RECIPE, points=4)
    with pytest.raises(GateRefused, match="--confirm-run was not given"):
        loop.learning_curve(ws, planned_curve)
    assert ws.store.jobs.list() == []


def test_a_dataset_without_held_out_examples_is_refused_first(ws: Workspace) -> None:
    with pytest.raises(InvalidInput, match="no probe split") as caught:
        loop.plan_learning_curve(ws, "pickup", RECIPE, split="probe")
    assert "--probe-ratio" in caught.value.hint


def test_a_stopped_training_stops_the_curve(ws: Workspace) -> None:
    def stopped(folder: JobFolder) -> None:
        folder.append("cancelled")

    with pytest.raises(HoneError, match="was stopped"):
        train_subsets(ws, planned(ws), target=Here(stopped))
