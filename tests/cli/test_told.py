"""What is told of a job's events at the terminal: complete, and readable in 80 columns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hone.cli.told import describe, wrapped
from hone.records.job import Event


def event(kind: str, **fields: Any) -> Event:
    return Event(seq=1, at=datetime(2026, 11, 20, tzinfo=UTC), type=kind, **fields)


SCORES = {
    "epoch": 2.0,
    "eval_loss": 4.0,
    "eval_mae": 1.5,
    "eval_rmse": 2.0,
    "eval_mae_agency": 1.75,
    "eval_rmse_agency": 2.125,
    "train_loss": 6.5,
    "train_mae": 2.0,
    "train_rmse": 2.5,
    "train_mae_agency": 2.25,
    "train_rmse_agency": 2.75,
}


def test_an_epoch_of_a_regression_tells_errors_of_both_splits_and_of_each_dimension() -> None:
    assert describe(event("metric", step=20, values=SCORES)).splitlines() == [
        "epoch 2, step 20:",
        "  training loss 6.5 · MAE 2 · RMSE 2.5",
        "  validation loss 4 · MAE 1.5 · RMSE 2",
        "  agency MAE 1.75 RMSE 2.125",
    ]
    best = event("best", step=20, name="eval_mae", value=1.5)
    assert describe(best).strip() == "New best validation MAE 1.5: model saved."


def test_other_methods_tell_what_they_measure() -> None:
    values = {"epoch": 1, "eval_loss": 0.5, "eval_accuracy": 0.75, "train_loss": 0.6}
    told = describe(event("metric", step=3, values=values))
    assert "training loss 0.6" in told and "validation loss 0.5 · accuracy 0.75" in told
    # A figure that is no number is written as null.
    assert "validation loss ?" in describe(event("metric", step=3, values={"eval_loss": None}))
    assert describe(event("metric", step=3, values={"loss": 0.6, "learning_rate": 0.1})) == ""


def test_long_lines_are_folded_with_a_hanging_indent() -> None:
    rows = [{"pick": "worst", "text": "word " * 40, "expected": {"agency": 6, "progress": 2.0},
             "predicted": {"agency": 4.5, "progress": 5.3}, "error": 2.38149}]  # fmt: skip
    lines = wrapped(describe(event("samples", step=1, rows=rows)), 80).splitlines()
    assert len(lines) > 1 and all(len(line) <= 80 for line in lines)
    assert lines[0].startswith("  worst: text ") and lines[1].startswith("      ")
    assert "error 2.381" in lines[-1]
