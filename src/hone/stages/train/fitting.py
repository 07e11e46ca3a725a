"""Options that must fit what they are used on: dimensions of the task, layers of the base."""

from __future__ import annotations

from typing import Any

from hone.errors import nearest
from hone.records.task import Task
from hone.stages.train.plan import means
from hone.stages.train.recipe import CheckedRecipe
from hone.workspace.bases import FoundBase

EVERY_LAYER = ("auto", "all-linear")


def unfit_for(checked: CheckedRecipe, task: Task | None, base: FoundBase | None) -> list[str]:
    """What is wrong with options for this task and base; what is missing is passed over."""
    found: list[str] = []
    look = getattr(checked.method, "problems_with", None)
    if look is not None and task is not None:
        values = {key.rpartition(".")[2]: one.value for key, one in checked.options.items()}
        found += look(values, task.dimensions)
    targets = checked.options.get("lora.target_modules")
    # An adapter that is gone on with brings its own layers.
    if targets is not None and base is not None and base.is_here and base.adapter is None:
        found += _unknown_layers(targets.value, base)
    return found


def _unknown_layers(wanted: Any, base: FoundBase) -> list[str]:
    if wanted in EVERY_LAYER:
        return []
    layers = [name.removesuffix(".weight") for name, _, _ in base.layer_matrices]
    ends = sorted({name.rpartition(".")[2] for name in layers})
    return [
        f"lora.target_modules: {name!r} names no linear layer of {base.id}. {nearest(name, ends)}"
        for name in ([wanted] if isinstance(wanted, str) else wanted)
        if not any(means(name, layer) for layer in layers)
    ]
