"""A model: a registered version with its ancestry."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

ModelKind = Literal["base", "lora", "full"]


class Measured(BaseModel):
    """A figure with its 95 % interval and what it was measured on."""

    value: float
    low: float | None = None
    high: float | None = None
    on: str = Field(default="", description="dataset and split, or file")


class ModelVersion(BaseModel):
    """`metadata.json` of a version."""

    model_config = ConfigDict(extra="allow")

    hone: int = 1
    name: str
    version: str
    base: str
    base_sha256: str = ""
    parents: list[str] = Field(default_factory=list)
    dataset: str | None = None
    job: str | None = None
    task: str | None = None
    kind: ModelKind
    metrics: dict[str, Measured] = Field(default_factory=dict)
    runtime_seconds: float = 0.0
    cost_usd: float = 0.0
    target: str = "local"
    licence: dict[str, str] = Field(default_factory=dict)
    sha256: dict[str, str] = Field(default_factory=dict)
    template: str = Field(default="", description="fingerprint of template and tokenizer")
    details: dict[str, Any] = Field(default_factory=dict)

    @property
    def ref(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"

    def score_name(self, of_task: str) -> str:
        """What its one score is called: its task's, but for a reward model, which only weighs."""
        return "preference_accuracy" if self.details.get("method") == "reward" else of_task
