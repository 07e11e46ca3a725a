"""A version that gives scores, beside the mean of the labels: errors, correlations, reports."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hone.errors import InvalidInput
from hone.records.evaluation import Evaluation
from hone.records.example import Example
from hone.records.task import Task
from hone.stages.prepare import BuildOptions, build_dataset
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace, init_workspace
from hone.workspace.store import Filter, new_example
from tests.stages.answering import RATIOS, Answers, register, write_base
from tests.stages.evaluate.running import asked, run, shots_of
from tests.targets.here import Here

TASK = Task(kind="score", name="essays", dimensions=["clear", "<b>true</b>"], scale=(1, 5))


def labels(number: int) -> dict[str, float]:
    return {"clear": 1 + number % 5, "<b>true</b>": 1 + (number * 7) % 9 / 2}


def essay(number: int) -> Example:
    return Example.model_validate(
        {
            "id": f"e{number:03}",
            "task": "essays",
            "input": {"title": "", "content": f"<script>{number * 7919}</script> essay {number}"},
            "suggestions": [{"agent": "import", "output": {"labels": labels(number)}}],
            "fingerprint": f"f{number}",
        }
    )


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws", task=TASK) as workspace:
        write_base(workspace.root / "small")
        rows = [essay(number) for number in range(120)]
        workspace.store.examples.add_many(new_example(one, search="") for one in rows)
        workspace.store.journal.bulk("all", "accept", Filter(status=("pending",)), reviewer="ann")
        chosen = {"ratios": RATIOS, "format": "regression", "similarity": 1.0}
        build_dataset(workspace, "essays", BuildOptions.model_validate(chosen))
        details = {"method": "regression", "gives": "numbers", "max_length": 300}
        register(workspace, "essays", dataset="essays@1", task="essays", details=details)
        yield workspace


def nearly(contender: str, one: Mapping[str, Any]) -> str:
    """The version is off by half a point, up and down in turn; the base talks."""
    number = int(str(one["input"]["content"]).split()[-1])
    if contender in ("base", "few-shot", "retrieval"):
        return "This is a fine essay."
    off = 0.5 if number % 2 else -0.5
    return json.dumps({name: value + off for name, value in labels(number).items()})


class Scores(Answers):
    """Work that also gives the constant answer of the row of the mean."""

    def __call__(self, folder: JobFolder) -> None:
        said = {
            one["name"]: str(one["options"]["text"])
            for one in folder.job.spec["contenders"]
            if one["generator"] == "constant"
        }
        self.answer = lambda name, one: said.get(name) or nearly(name, one)
        super().__call__(folder)


def scored(ws: Workspace, **options: Any) -> Evaluation:
    return run(ws, "essays", Here(Scores()), **options)


def test_the_mean_of_the_training_labels_is_a_row_to_beat(ws: Workspace) -> None:
    found = scored(ws)
    assert [row.contender for row in found.rows] == [
        "base", "few-shot", "retrieval", "mean", "essays@v1",
    ]  # fmt: skip
    train = [
        json.loads(line)["labels"]
        for line in (ws.datasets / "essays@1" / "train.jsonl").read_text().splitlines()
    ]
    spec = JobFolder(ws.jobs / str(found.job)).job.spec
    (mean,) = (one for one in spec["contenders"] if one["name"] == "mean")
    means = [sum(values) / len(train) for values in zip(*train, strict=True)]
    assert list(json.loads(mean["options"]["text"]).values()) == pytest.approx(means)
    assert found.differences["essays@v1 - mean"].value > 0.1
    assert (found.differences["essays@v1 - mean"].low or 0) > 0
    # Worked examples of the prompt are labels as JSON.
    assert all(
        set(json.loads(one["answer"])) == set(TASK.dimensions) for one in shots_of(ws, found)
    )


def test_errors_and_correlations_stand_for_each_dimension(ws: Workspace) -> None:
    found = scored(ws)
    base, _, _, mean, tuned = found.rows
    amount = tuned.examples
    assert amount == len(asked(ws, found)) == 48
    for name in ("mae", "rmse", "dimension.clear.mae", "dimension.<b>true</b>.rmse"):
        one = tuned.metrics[name]
        assert one.value == pytest.approx(0.5) and one.low is not None
    related = tuned.metrics["dimension.clear.pearson"]
    assert 0.9 < (related.low or 0) < related.value < (related.high or 0) < 1
    assert tuned.metrics["dimension.clear.spearman"].value > 0.85
    # The score is what the errors leave of the scale, and colours follow from it.
    assert tuned.score.value == pytest.approx(1 - 0.5 / 4) and tuned.bands == {"green": amount}
    # A constant has no correlation, and words have no labels at all.
    assert "dimension.clear.pearson" not in mean.metrics and mean.metrics["mae"].value > 0.5
    assert base.metrics["labels_read"].value == 0 and base.metrics["mae"].value == 4
    assert base.score.value == 0 and base.bands == {"red": amount}


def test_the_contender_of_a_version_of_numbers_reads_as_it_was_trained(ws: Workspace) -> None:
    spec = JobFolder(ws.jobs / str(scored(ws).job)).job.spec
    tuned = spec["contenders"][-1]
    assert tuned["generator"] == "head" and tuned["options"]["max_length"] == 300
    assert tuned["options"]["adapter"].endswith("models/essays/v1")


def test_reports_lie_beside_each_other_and_take_no_markup_from_records(ws: Workspace) -> None:
    found = scored(ws)
    (report,) = ws.reports.glob("eval_essays@v1_*.json")
    assert Evaluation.model_validate_json(report.read_text()) == found
    page = report.with_suffix(".html").read_text()
    assert "<script" not in page and "<b>" not in page and "&lt;script&gt;" in page
    assert "Spearman" in page and "got most wrong" in page
    markdown = report.with_suffix(".md").read_text()
    assert "| essays@v1 | clear | 0.500 \\[0.500, 0.500\\] |" in markdown
    assert "| mean | clear |" in markdown
    with report.with_suffix(".csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    figures = {(row["row"], row["figure"]): row for row in rows}
    assert float(figures["essays@v1", "dimension.clear.mae"]["value"]) == 0.5
    assert figures["essays@v1", "band.green"]["value"] == "48"
    assert figures["mean", "closeness"]["examples"] == "48"


def test_the_version_keeps_its_errors_but_not_those_of_each_dimension(ws: Workspace) -> None:
    scored(ws)
    metrics = ws.store.models.get("essays@v1").model.metrics
    assert metrics["mae"].value == pytest.approx(0.5) and metrics["mae"].on == "essays@1/test"
    assert metrics["closeness"].low is not None
    assert not [name for name in metrics if name.startswith("dimension.")]


def test_a_base_is_asked_beside_the_mean_of_the_dataset(ws: Workspace) -> None:
    found = run(ws, "small", Here(Scores()), on="essays@1/test")
    assert [row.contender for row in found.rows] == ["base", "few-shot", "retrieval", "mean"]
    assert list(found.differences) == [
        "few-shot - base", "retrieval - base", "mean - base",
    ]  # fmt: skip


def test_the_row_of_the_mean_can_be_left_out_and_says_when_it_is_missing(ws: Workspace) -> None:
    assert [row.contender for row in scored(ws, rows=["tuned"]).rows] == ["essays@v1"]
    (ws.datasets / "essays@1" / "train.jsonl").unlink()
    found = scored(ws, rows=["mean", "tuned"])
    assert [row.contender for row in found.rows] == ["essays@v1"]
    assert "No row mean: essays@1 has no train labels." in found.notes


def test_a_version_of_other_dimensions_is_refused(ws: Workspace) -> None:
    file = ws.root / "tasks" / "essays.yaml"
    file.write_text(file.read_text().replace("clear", "lucid"))
    with pytest.raises(InvalidInput, match="the task essays was changed after essays@1"):
        scored(ws)
