"""What can be chosen when a dataset is built; everything here goes into its manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hone.records.dataset import ExampleQuery, Split, SplitRatios


class BuildOptions(BaseModel):
    """How a dataset is made; everything here goes into its manifest."""

    model_config = ConfigDict(extra="forbid")

    task: str | None = Field(default=None, description="by default the workspace's task")
    format: str = Field(default="sft", description="a choice of the formats shelf")
    format_options: dict[str, Any] = Field(
        default_factory=dict[str, Any], description="options of the format"
    )
    ratios: SplitRatios = Field(default_factory=lambda: SplitRatios.model_validate({}))
    seed: int = Field(default=0, ge=0)
    query: ExampleQuery = Field(
        default_factory=lambda: ExampleQuery.model_validate({}),
        description="which examples; without a status, those that the format reads",
    )
    similarity: float | None = Field(
        default=None, ge=0.5, le=1, description="near-duplicate threshold; by default the task's"
    )
    max_tokens: int | None = Field(
        default=None, ge=8, description="rows longer than this many tokens of `base` are kept out"
    )
    base: Path | None = Field(default=None, description="folder of the model that counts tokens")
    replay: str | None = Field(
        default=None, description="a version of which some examples train beside the new ones"
    )
    replay_share: float = Field(
        default=0.2, gt=0, lt=1, description="of all examples that train, those that are replayed"
    )
    replay_rows: int | None = Field(
        default=None, ge=1, description="so many examples are replayed, instead of a share"
    )

    pins: dict[str, Split] = Field(
        default_factory=dict[str, Split],
        description="examples whose split is decided already: corrections train",
    )
    fresh: dict[Split, int] = Field(
        default_factory=dict[Split, int],
        description="so many examples that never trained go into a split, for what left it",
    )
    because: dict[str, Any] = Field(
        default_factory=dict[str, Any], description="what the manifest keeps of why it was built"
    )

    @model_validator(mode="after")
    def _replays_something(self) -> BuildOptions:
        asked = {"replay_share", "replay_rows"} & self.model_fields_set
        if self.replay is None and asked:
            raise ValueError("a share or number to replay needs the version: --replay NAME@VERSION")
        if len(asked) == 2 and self.replay_rows is not None:
            raise ValueError("give --replay-share or --replay-rows, not both")
        return self
