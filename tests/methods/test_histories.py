"""training_history.json and training_metadata.json: golden files, made from a job's events."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hone.methods._histories import verdict, write_history
from hone.records.job import Job
from hone.workspace.job_folder import JobFolder

FORMATS = Path(__file__).parent.parent / "fixtures" / "formats"
NAMES = ("training_history.json", "training_metadata.json")
OPTIONS: dict[str, Any] = {
    "training.epochs": 2,
    "training.batch_size": 8,
    "training.learning_rate": 2e-5,
    "training.loss": "mse",
    "training.dimension_weights": {"agency": 2.0},
    "data.max_seq_length": 512,
}


@pytest.fixture
def folder(tmp_path: Path) -> JobFolder:
    spec = {
        "method": "regression",
        "base": {"id": "hone-nano"},
        "task": {"name": "news"},
        "dataset": {"name": "articles@1", "sha256": "0" * 64},
        "options": {key: {"value": value, "source": "recipe"} for key, value in OPTIONS.items()},
    }
    job = Job(id="train-1", kind="train", created_at=datetime(2026, 11, 20, tzinfo=UTC), spec=spec)
    return JobFolder.create(tmp_path / "train-1", job, inputs={})


def tell(folder: JobFolder, entry: dict[str, Any], **changes: float | None) -> None:
    """What a training writes after a validation."""
    values = {"epoch": entry["epoch"]}
    for split, part in (("train", entry["train"]), ("eval", entry["val"])):
        values |= {f"{split}_{name}": part[name] for name in ("loss", "mae", "rmse")}
        for dimension, errors in part["per_dimension"].items():
            values |= {f"{split}_{name}_{dimension}": error for name, error in errors.items()}
    folder.append("metric", step=entry["step"], values={**values, **changes})


def test_both_files_are_what_they_were(folder: JobFolder) -> None:
    golden = {name: (FORMATS / name).read_text() for name in NAMES}
    first, second = json.loads(golden["training_history.json"])
    folder.append("metric", step=1, values={"loss": 9.0, "mae": 3.0, "rmse": 3.5})
    tell(folder, first)
    # This was behind the checkpoint from which the run went on, and is told again.
    tell(folder, second, eval_mae=0.5)
    tell(folder, second)
    figures = write_history(folder, ("agency", "progress"), {"best_step": 10.0, "eval_mae": 1.5})
    assert {name: (folder.final / name).read_text() for name in NAMES} == golden
    assert [one.type for one in folder.events()][-1] == "verdict"
    assert figures == {"best_step": 10.0, "eval_mae": 1.5, "best_val_mae": 1.5}


def test_without_a_validation_nothing_is_called_best(folder: JobFolder) -> None:
    folder.append("metric", step=1, values={"loss": 9.0, "mae": 3.0})
    assert write_history(folder, ("agency",), {"best_step": 4.0}) == {"best_step": 4.0}
    assert json.loads((folder.final / "training_history.json").read_text()) == []
    metadata = json.loads((folder.final / "training_metadata.json").read_text())
    assert metadata["best_val_mae"] is None and metadata["best_epoch"] is None


def test_a_validation_without_a_number_is_told_and_never_best(folder: JobFolder) -> None:
    first, second = json.loads((FORMATS / "training_history.json").read_text())
    tell(folder, first, eval_mae=None)
    tell(folder, second)
    assert write_history(folder, ("agency", "progress"), {})["best_val_mae"] == 1.625
    history = json.loads((folder.final / "training_history.json").read_text())
    assert [one["is_best"] for one in history] == [False, True]


@pytest.mark.parametrize(
    ("mae", "scale", "advice"),
    [
        (0.99, (0, 10), "go on, to the test split"),
        (1.0, (0, 10), "go on with care"),
        (1.5, (0, 10), "go on with care"),
        (1.51, (0, 10), "retrain, with more epochs"),
        (0.45, (1, 5), "go on with care"),
    ],
)
def test_the_error_on_validation_says_how_to_go_on(
    mae: float, scale: tuple[float, float], advice: str
) -> None:
    assert advice in verdict(mae, scale)
