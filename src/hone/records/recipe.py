"""A recipe: the YAML that says how to train; and a value that knows where it came from."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

ROOTS = {"model": "checkpoints", "logs": "logs"}
"""What can be shown at a place of one's own, and the folder of the workspace that holds it."""
OURS = ("lora", "full", "lora_training", "full_training")
"""Folders in those that Hone fills by itself."""


class Recipe(BaseModel):
    """`recipes/NAME.yaml`, as written. `training` and `data` are checked by the method's Options,
    `lora` by the adapter's; both live on the methods shelf.
    """

    model_config = ConfigDict(extra="forbid")

    task: str | None = Field(None, description="task name; by default the dataset's")
    method: str = Field("sft", description="a choice of the methods shelf")
    base: str = Field(description="hub id, folder, hone-nano, or a registered model NAME@VERSION")
    dataset: str = Field(description="NAME (its newest version) or NAME@VERSION")
    build: dict[str, Any] | None = Field(
        None,
        description="freeze what was reviewed into `dataset` first, by these options of hone "
        "datasets build; leave out to train on what is frozen",
    )
    name: str | None = Field(None, description="the trained model's; by default the dataset's")
    lora: dict[str, Any] | None = Field(None, description="adapter options; leave out for full")
    training: dict[str, Any] = Field(default_factory=dict)
    data: dict[str, Any] = Field(default_factory=dict)
    report_to: list[str] = Field(
        default_factory=list, description="who else is told the figures: tensorboard, or nobody"
    )
    on: str = Field("local", description="the target")
    shown_at: dict[str, str] | None = Field(
        None,
        description="where the finished version lies once more: `model` under checkpoints/, `logs` "
        "under logs/; {name} and {version} are filled in",
    )
    budget_usd: float | None = Field(None, ge=0, description="the most that it may cost")
    force: bool = Field(False, description="train on fewer examples than the task asks for")

    @field_validator("shown_at")
    @classmethod
    def _is_a_place(cls, value: dict[str, str] | None) -> dict[str, str] | None:
        for what, place in (value or {}).items():
            if what not in ROOTS:
                raise ValueError(f"places of {' and '.join(ROOTS)}")
            first, *parts = place.split("/")
            filled = place.replace("{name}", "").replace("{version}", "")
            is_sound = re.fullmatch(r"[\w./-]*", filled, re.ASCII) and "{version}" in place
            is_free = parts and parts[0] not in OURS
            is_below = all(part and not part.startswith(".") for part in parts)
            if first != ROOTS[what] or not (is_sound and is_free and is_below):
                raise ValueError(
                    f"a folder of its own for each version, such as {ROOTS[what]}/my-{{version}}"
                )
        return value


class Resolved(BaseModel):
    """A value and where it came from: default, recipe, --set, or "chosen: reason"."""

    value: Any
    source: str
