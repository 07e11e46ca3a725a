"""What a regression leaves beside its weights: the course of the training, and its sum."""

from __future__ import annotations

from typing import Any

from hone.workspace.files import write_json
from hone.workspace.job_folder import JobFolder
from hone.workspace.pooling import pooling_in

HISTORY, METADATA = "training_history.json", "training_metadata.json"
GO_ON_BELOW, WITH_CARE_UP_TO = 0.10, 0.15
"""Shares of the scale."""


def write_history(
    folder: JobFolder, dimensions: tuple[str, ...], figures: dict[str, float]
) -> dict[str, float]:
    """Write both files into final/; the figures, with `best_val_mae` where there was validation."""
    spec = folder.job.spec
    history = _history(folder, dimensions)
    best = next((one for one in reversed(history) if one["is_best"]), None)
    if best is not None:
        figures = {**figures, "best_val_mae": best["val"]["mae"]}
        scale = spec["task"].get("scale") or (0, 10)
        folder.append("verdict", text=verdict(best["val"]["mae"], (scale[0], scale[1])))
    options = {key: one["value"] for key, one in spec["options"].items()}
    write_json(folder.final / HISTORY, history)
    write_json(
        folder.final / METADATA,
        {
            "task": spec["task"]["name"],
            "base": spec["base"]["id"],
            "dataset": spec["dataset"],
            "dimension_names": list(dimensions),
            "num_dimensions": len(dimensions),
            "max_length": options.get("data.max_seq_length"),
            "epochs": options.get("training.epochs"),
            "batch_size": options.get("training.batch_size"),
            "learning_rate": options.get("training.learning_rate"),
            "loss": options.get("training.loss"),
            "dimension_weights": options.get("training.dimension_weights"),
            "pooling": pooling_in(spec["options"]),
            "best_val_mae": figures.get("best_val_mae"),
            "best_step": figures.get("best_step"),
            "best_epoch": best["epoch"] if best is not None else None,
        },
    )
    return figures


def verdict(mae: float, scale: tuple[float, float]) -> str:
    """What a validation MAE advises, in a sentence; the limits are 1.0 and 1.5 of 10 points."""
    width = scale[1] - scale[0]
    said = f"Validation MAE {mae:.3g} on a scale of {width:g} points"
    if mae < GO_ON_BELOW * width:
        return f"{said}: go on, to the test split."
    if mae <= WITH_CARE_UP_TO * width:
        return f"{said}: go on with care; look at the dimensions with the largest errors first."
    return (
        f"{said}: retrain, with more epochs, another training.learning_rate or better labels "
        "(hone datasets doctor)."
    )


def _history(folder: JobFolder, dimensions: tuple[str, ...]) -> list[dict[str, Any]]:
    """One entry per validation, with what the training did since the one before.

    After a resume the steps behind the checkpoint are told twice; the later word counts.
    """
    by_step: dict[int, dict[str, Any]] = {}
    best: float | None = None
    for event in folder.events():
        fields = event.model_extra or {}
        if event.type != "metric" or "eval_mae" not in fields["values"]:
            continue
        step, values = int(fields["step"]), dict(fields["values"])
        for later in [one for one in by_step if one >= step]:
            del by_step[later]
        by_step[step] = {
            "step": step,
            "epoch": values.get("epoch"),
            "train": _figures("train", values, dimensions),
            "val": _figures("eval", values, dimensions),
        }
    history = [by_step[step] for step in sorted(by_step)]
    for one in history:
        mae = one["val"]["mae"]
        one["is_best"] = mae is not None and (best is None or mae < best)
        best = mae if one["is_best"] else best
    return history


def _figures(split: str, values: dict[str, Any], dimensions: tuple[str, ...]) -> dict[str, Any]:
    return {
        **{name: values.get(f"{split}_{name}") for name in ("loss", "mae", "rmse")},
        "per_dimension": {
            dimension: {name: values.get(f"{split}_{name}_{dimension}") for name in ("mae", "rmse")}
            for dimension in dimensions
        },
    }
