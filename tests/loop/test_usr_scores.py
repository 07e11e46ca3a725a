"""Scores of published dialogues, the whole way: import, train a head, evaluate beside the mean."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from hone import loop
from hone.errors import InvalidInput
from hone.metrics import _agreement
from hone.records.task import Task
from hone.stages import jobs, registry
from hone.stages.predict import predict_message, predict_options
from tests.loop.here import evaluate_here, train_here, worker_here
from tests.stages.answering import Lines

pytestmark = pytest.mark.loop

NAMES = [
    "understandability",
    "naturalness",
    "coherence",
    "engagingness",
    "groundedness",
    "overall",
]
TASK = Task(kind="score", name="usr", dimensions=NAMES, scale=(0, 5))
RECIPE = {
    "method": "regression",
    "base": "hone-nano",
    "dataset": "usr",
    "lora": {"r": 16, "lora_alpha": 32, "lora_dropout": 0.05},
    "training": {"epochs": 4, "batch_size": 8, "seed": 0, "threads": 1},
    "data": {"max_seq_length": 128},
}


def write_table(test_data: Path, file: Path) -> None:
    """USR's topical chats as a table with a column per score; a dialogue is a group."""
    given = json.loads((test_data / "scoring" / "usr" / "topical_chat.json").read_text("utf-8"))
    with file.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out)
        table.writerow(["content", "dialogue", *NAMES])
        for one in given:
            last = one["source"].strip().splitlines()[-1]
            text = "\n\n".join((one["system_output"].strip(), last, one["context"]))
            table.writerow([text, one["source"], *(one["scores"][name] for name in NAMES)])


def test_a_head_of_scores_is_evaluated_beside_the_mean_on_real_dialogues(
    test_data: Path, tmp_path: Path
) -> None:
    with loop.init_workspace(tmp_path / "ws", task=TASK) as ws:
        write_table(test_data, ws.root / "usr.csv")
        report = loop.import_examples(
            ws, ws.root / "usr.csv", mapping={"group": "dialogue"}, accept_as="annotators"
        )
        assert report.taken == 359  # one stands there twice
        ratios = {"train": 0.6, "val": 0.1, "test": 0.3}
        built = loop.build_dataset(ws, "usr", format="regression", ratios=ratios, similarity=1.0)
        assert built.manifest.splits["test"].rows >= 90
        model = train_here(ws, RECIPE)
        assert model.details["max_length"] == 128
        found = evaluate_here(ws, model.ref, rows=["base", "mean", "tuned"], max_new_tokens=8)
        assert [row.contender for row in found.rows] == ["base", "mean", "usr@v1"]
        base, mean, tuned = found.rows
        # A base that was never taught to score says nothing that can be read.
        assert base.metrics["labels_read"].value < 0.1
        assert tuned.metrics["labels_read"].value == 1
        assert tuned.metrics["mae"].value < mean.metrics["mae"].value
        assert found.differences["usr@v1 - mean"].value > 0
        for name in NAMES:
            one = tuned.metrics[f"dimension.{name}.mae"]
            assert one.low is not None and one.high is not None and one.low < one.value < one.high
            assert f"dimension.{name}.pearson" not in mean.metrics
        # What the mean cannot have: people's scores rise with the model's, beyond chance.
        for kind in ("pearson", "spearman"):
            assert (tuned.metrics[f"dimension.overall.{kind}"].low or 0) > 0
        # By hand from what the worker wrote.
        folder = jobs.folder_of(ws, str(found.job))
        lines = Lines.of(folder.predictions / "usr@v1.jsonl").rows
        said = {line["id"]: line["text"] for line in lines}
        asked = Lines.of(folder.inputs / "examples.jsonl").rows
        predicted = _agreement.labels_of([said[one["id"]] for one in asked], NAMES)
        expected = _agreement.labels_of([one["answer"] for one in asked], NAMES)
        off = np.abs(predicted - expected)
        assert tuned.metrics["mae"].value == pytest.approx(float(off.mean()))
        assert tuned.metrics["rmse"].value == pytest.approx(float(np.sqrt((off**2).mean())))
        r = np.corrcoef(predicted[:, 5], expected[:, 5])[0, 1]
        assert tuned.metrics["dimension.overall.pearson"].value == pytest.approx(float(r))
        # One text more, as the evaluation was asked.
        options = predict_options(model=model.ref)
        one = predict_message(ws, asked[0]["input"], options, target=worker_here())
        assert one.answers[0].text == said[asked[0]["id"]] and one.answers[0].output is not None
        with pytest.raises(InvalidInput, match="gives numbers"):
            registry.load_model(ws, model.ref)
        # The validation MAE of the training is that of the same head, asked by the evaluation.
        val = evaluate_here(ws, model.ref, on="usr@1/val", rows=["tuned"])
        trained = model.metrics["eval_mae"].value
        assert val.rows[0].metrics["mae"].value == pytest.approx(trained, abs=1e-3)
