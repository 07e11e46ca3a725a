"""What a report on a version says of where it comes from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hone.records.model import ModelVersion


class Provenance(BaseModel):
    """A version, and what stands behind it, down to the people who reviewed its examples."""

    model_config = ConfigDict(extra="ignore")

    model: ModelVersion
    is_active: bool
    registered_at: datetime
    missing_files: list[str] = Field(default_factory=list[str])
    dataset: dict[str, Any] | None = Field(
        default=None, description="splits, files and reviewers of its dataset"
    )
    parents: list[ModelVersion] = Field(default_factory=list[ModelVersion])
    activations: list[str] = Field(default_factory=list[str])


class Failure(BaseModel):
    """An example that the version got most wrong."""

    id: str
    score: float
    asked: str
    right: str
    said: str
