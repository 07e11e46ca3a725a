"""What a regression leaves beside its weights: the course of the training, and its sum."""

from __future__ import annotations

from typing import Any

from hone.workspace.files import write_json
from hone.workspace.job_folder import JobFolder

HISTORY, METADATA = "training_history.json", "training_metadata.json"


def write_history(
    folder: JobFolder, dimensions: tuple[str, ...], figures: dict[str, float]
) -> dict[str, float]:
    """Write both files into final/; the figures, with `best_val_mae` where there was validation."""
    history = _history(folder, dimensions)
    validated = [one["val"]["mae"] for one in history if "val" in one]
    if validated:
        figures = {**figures, "best_val_mae": min(validated)}
    spec = folder.job.spec
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
            "best_val_mae": figures.get("best_val_mae"),
            "best_step": figures.get("best_step"),
        },
    )
    return figures


def _history(folder: JobFolder, dimensions: tuple[str, ...]) -> list[dict[str, Any]]:
    """One entry per validation, with what the training said last before it.

    After a resume the steps behind the checkpoint are told twice; the later word counts.
    """
    by_step: dict[int, dict[str, Any]] = {}
    train: dict[str, float] = {}
    for event in folder.events():
        fields = event.model_extra or {}
        if event.type != "metric":
            continue
        step, values = int(fields["step"]), dict(fields["values"])
        for later in [one for one in by_step if one > step]:
            del by_step[later]
        if "eval_mae" not in values:
            train = {name: values[name] for name in ("loss", "mae") if name in values}
        else:
            by_step[step] = {
                "step": step,
                "epoch": values.get("epoch"),
                "train": dict(train),
                "val": _validation(values, dimensions),
            }
    return [by_step[step] for step in sorted(by_step)]


def _validation(values: dict[str, float], dimensions: tuple[str, ...]) -> dict[str, Any]:
    return {
        "loss": values["eval_loss"],
        "mae": values["eval_mae"],
        "rmse": values["eval_rmse"],
        "per_dimension": {
            name: {"mae": values[f"eval_mae_{name}"], "rmse": values[f"eval_rmse_{name}"]}
            for name in dimensions
        },
    }
