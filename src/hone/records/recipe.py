"""A recipe: the YAML that says how to train; and a value that knows where it came from."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


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
    budget_usd: float | None = Field(None, ge=0, description="the most that it may cost")
    force: bool = Field(False, description="train on fewer examples than the task asks for")


class Resolved(BaseModel):
    """A value and where it came from: default, recipe, --set, or "chosen: reason"."""

    value: Any
    source: str
