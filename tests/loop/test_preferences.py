"""Pairs in an evaluation: who puts the better answer higher, with the real worker."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from hone.engine.load import BaseSpec, load_base
from hone.engine.lora import with_adapter
from hone.engine.rewards import Answered, RewardModel
from hone.engine.samples import log_probability
from hone.errors import HoneError, InvalidInput
from hone.records.evaluation import Evaluation
from hone.records.review import Decision
from hone.rendering.tokens import Renderer
from hone.stages import jobs
from hone.stages.compare import compare, wanted
from hone.stages.evaluate import evaluate, evaluate_options, finish, report_path
from hone.stages.flags import find_flags
from hone.stages.prepare import BuildOptions, build_dataset
from hone.stages.registry import load_model
from hone.worker import evaluate as worker
from hone.workspace.files import write_atomically
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace, open_workspace
from tests.engine.small import frozen, make_job
from tests.loop.here import evaluate_here, worker_here
from tests.loop.really import make_answering
from tests.loop.test_methods import CHANGES, carried_out
from tests.stages.answering import Lines, output, register

pytestmark = pytest.mark.loop

SPLIT = {"train": 0.5, "val": 0.1, "test": 0.4}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs of edited answers as `prefs@1`, and a reward model that was really trained on them."""
    root = tmp_path_factory.mktemp("built") / "ws"
    with make_answering(root) as ws:
        edits = [
            Decision(
                op_id=f"cleo{number}",
                example_id=f"e{number:03}",
                verdict="edit",
                reviewer="cleo",
                output=[{**output(number)[0], "item": "lettuce"}],
            )
            for number in range(3, 51)
        ]
        ws.store.journal.decide(edits)
        build_dataset(ws, "prefs", BuildOptions.model_validate({"ratios": SPLIT, "format": "dpo"}))
        split = {
            name: Lines.of(ws.datasets / "prefs@1" / f"{name}.jsonl").rows
            for name in ("train", "val")
        }
        folder = make_job(
            ws.root / "judging",
            ws.root / "small",
            options=frozen(
                method="reward",
                **{**CHANGES, "training.learning_rate": 1e-2, "training.max_steps": 30},
            ),
            rows=(split["train"], split["val"]),
            method="reward",
        )
        carried_out(folder)
        given = {"method": "reward", "gives": "numbers", "max_length": 128}
        for name in ("judge", "judge"):
            register(ws, name, files=folder.final, dataset="prefs@1", details=given)
    return root


@pytest.fixture
def ws(built: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(built, tmp_path / "ws")
    with open_workspace(tmp_path / "ws") as workspace:
        yield workspace


def pairs_in(ws: Workspace, model: Path) -> list[tuple[str, list[int], list[int], list[int]]]:
    """The test split as ids: example, prompt, better answer, worse answer."""
    renderer = Renderer.load(model)
    found: list[tuple[str, list[int], list[int], list[int]]] = []
    for row in Lines.of(ws.datasets / "prefs@1" / "test.jsonl").rows:
        prompt = renderer.prompt(row["prompt"]).ids
        better, worse = (
            renderer.training_row([*row["prompt"], *row[side]], 512).input_ids[len(prompt) :]
            for side in ("chosen", "rejected")
        )
        found.append((str(row["id"]), prompt, better, worse))
    return found


def pair_file(ws: Workspace, found: Evaluation, name: str) -> Path:
    return jobs.folder_of(ws, str(found.job)).predictions / "pairs" / f"{name}.jsonl"


def test_models_that_answer_are_asked_which_answer_they_find_likelier(ws: Workspace) -> None:
    found = evaluate_here(ws, "pickup", on="prefs@1/test", shots=2, max_new_tokens=8)
    by_name = {row.contender: row for row in found.rows}
    assert {name for name, row in by_name.items() if "preference_accuracy" in row.metrics} == {
        "base",
        "few-shot",
        "pickup@v1",
    }
    pairs = pairs_in(ws, ws.root / "small")
    adapter = ws.models / "pickup" / "v1"
    for name in ("base", "pickup@v1"):
        model: Any = load_base(BaseSpec(id="small", path=ws.root / "small"))
        model = (with_adapter(model, adapter) if name != "base" else model).eval()
        with torch.no_grad():
            margins = [
                log_probability(model, prompt, better, "cpu")
                - log_probability(model, prompt, worse, "cpu")
                for _, prompt, better, worse in pairs
            ]
        metrics = by_name[name].metrics
        right = sum(margin > 0 for margin in margins) / len(margins)
        assert metrics["preference_accuracy"].value == pytest.approx(right)
        assert metrics["preference_margin"].value == pytest.approx(
            sum(margins) / len(margins), abs=1e-2
        )
        assert metrics["preference_accuracy"].low <= right <= metrics["preference_accuracy"].high  # type: ignore[operator]
        assert metrics["preference_accuracy"].on == "prefs@1/test"
    # Worked examples stand before the answers that are weighed, too.
    lines = {name: Lines.of(pair_file(ws, found, name)).rows for name in ("base", "few-shot")}
    assert all(a["chosen"] != b["chosen"] for a, b in zip(*lines.values(), strict=True))
    assert not pair_file(ws, found, "rules").exists()
    kept = ws.store.models.get("pickup@v1").model.metrics["preference_accuracy"]
    assert kept == by_name["pickup@v1"].metrics["preference_accuracy"]


def test_a_reward_model_is_scored_by_the_pairs_it_has_in_order(ws: Workspace) -> None:
    found = evaluate_here(ws, "judge@v1", further=["judge@v2"])
    assert found.measures == "preferences" and found.on == "prefs@1/test"
    assert [row.contender for row in found.rows] == ["judge@v1", "judge@v2"]
    base = BaseSpec(id="small", path=ws.root / "small")
    [stop, *_] = Renderer.load(ws.root / "small").stop_ids
    judge = RewardModel(base, ws.models / "judge" / "v1", device="cpu", stop_id=stop)
    right = 0
    for _, prompt, better, worse in pairs_in(ws, ws.root / "small"):
        high, low = judge([Answered(prompt, one, "", "") for one in (better, worse)])
        right += high > low
    row = found.rows[0]
    share = right / row.examples
    assert row.score.value == row.metrics["preference_accuracy"].value == pytest.approx(share)
    assert share > 0.9, "it learned that lettuce is better, on examples that it never saw"
    assert found.differences["judge@v1 - judge@v2"].value == 0
    folder = jobs.folder_of(ws, str(found.job))
    page = report_path(ws, folder.job).with_suffix(".html").read_text()
    assert "Difference of preference_accuracy, paired" in page
    shown = {one.example_id: one.text for one in ws.store.evaluations.scores(found.id, "judge@v1")}
    assert sum("lettuce" in text for text in shown.values()) == right
    assert ws.store.models.get("judge@v1").model.metrics["preference_accuracy"].value == share
    # What only weighs has no wrong answers that a person could correct, and cannot be compared.
    with pytest.raises(HoneError, match="Nothing was evaluated yet"):
        find_flags(ws, "judge")
    with pytest.raises(HoneError, match="has not answered prefs@1/test"):
        compare(ws, wanted(ws, ["judge@v1", "judge@v2"], None))


def test_a_worker_cut_off_between_two_pairs_weighs_the_rest_alone(ws: Workspace) -> None:
    options = evaluate_options(on="prefs@1/test", rows=["base", "tuned"], max_new_tokens=4)
    job = evaluate(ws, "pickup", options, target=worker_here())
    folder: JobFolder = jobs.folder_of(ws, job.id)
    whole = finish(ws, job.id)
    file = pair_file(ws, whole, "pickup@v1")
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:5]) + lines[5][:20])
    assert worker.carry_out(folder) is not None
    told = [json.loads(line) for line in file.read_text().splitlines() if line.endswith("}")]
    assert len(told) == len(lines) == len({one["id"] for one in told})
    before = {json.loads(line)["id"]: json.loads(line)["chosen"] for line in lines}
    assert {one["id"]: one["chosen"] for one in told} == pytest.approx(before, abs=1e-3)


def test_what_cannot_be_weighed_is_said_before_anything_runs(ws: Workspace) -> None:
    with pytest.raises(
        InvalidInput, match="it weighs pairs of answers, and pickup@1/test has none"
    ):
        evaluate(ws, "judge@v1", evaluate_options(on="pickup@1/test"), target=worker_here())
    with pytest.raises(InvalidInput, match="is a reward model, and pickup@v1 answers"):
        evaluate(ws, "judge@v1", evaluate_options(further=["pickup@v1"]), target=worker_here())
    with pytest.raises(InvalidInput, match="gives numbers, not answers"):
        evaluate(ws, "pickup", evaluate_options(further=["judge@v1"]), target=worker_here())
    with pytest.raises(InvalidInput, match="gives numbers"):
        load_model(ws, "judge@v1")
    assert ws.store.jobs.unsettled() == []


def test_an_answer_that_is_too_long_for_the_model_is_counted_and_said(ws: Workspace) -> None:
    config = ws.root / "small" / "config.json"
    fields = json.loads(config.read_text())
    job = evaluate(
        ws,
        "pickup",
        evaluate_options(on="prefs@1/test", rows=["tuned"], max_new_tokens=4),
        target=worker_here(),
    )
    folder = jobs.folder_of(ws, job.id)
    file = folder.inputs / "pairs.jsonl"
    first, *rest = file.read_text().splitlines(keepends=True)
    long = json.loads(first) | {
        "rejected": ["word " * (int(fields["max_position_embeddings"]) + 9)]
    }
    write_atomically(file, json.dumps(long) + "\n" + "".join(rest))
    (folder.predictions / "pairs" / "pickup@v1.jsonl").unlink()
    assert worker.carry_out(folder) is not None
    found = finish(ws, job.id)
    assert found.rows[0].troubles["not_weighed"] == 1
    assert any(
        "Pairs of 1 examples could not be weighed by pickup@v1" in one for one in found.notes
    )
