"""An example: one thing to learn from, with where it came from and what was proposed for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["pending", "accepted", "edited", "rejected", "skipped", "flagged", "unknown"]
TRUSTED: tuple[Status, ...] = ("accepted", "edited")


class Origin(BaseModel):
    """Where an example was found; only what is known is set."""

    model_config = ConfigDict(extra="allow")

    file: str | None = None
    row: int | None = Field(default=None, description="1-based record number in the file")
    line: int | None = Field(default=None, description="1-based line where the record begins")
    page: int | None = None
    chunk: str | None = None
    message: str | None = None
    model: str | None = None


class Suggestion(BaseModel):
    """A proposed output: by the imported file ("import"), rules, an oracle or a model version."""

    model_config = ConfigDict(extra="forbid")

    agent: str
    output: Any
    score: float | None = Field(default=None, description="the agent's own confidence, 0 to 1")


class Passage(BaseModel):
    """A piece of text that an answer may rest on."""

    model_config = ConfigDict(extra="allow")

    text: str
    source: str | None = None
    is_golden: bool = Field(default=True, description="the answer rests on it")


class Example(BaseModel):
    """One example.

    `input` and `output` by kind of task: qa {"question"} -> {"answer"}; extract {"message"} ->
    object, or list of objects where the task says `many`; score {"title", "content"} ->
    {"labels": {dimension: number}}; chat {"messages": [{"role", "content"}…]} (all turns before
    the last reply) -> {"reply"}.
    """

    model_config = ConfigDict(extra="forbid")

    id: str = Field(description="hash of content: the same row twice is one example")
    position: int = Field(0, description="rises in the order of import; the key of pages")
    task: str
    input: dict[str, Any]
    output: Any = Field(None, description="the accepted truth, if there is one yet")
    suggestions: list[Suggestion] = Field(default_factory=list[Suggestion])
    context: list[Passage] = Field(default_factory=list[Passage])
    origin: Origin = Field(default_factory=lambda: Origin())
    tags: list[str] = Field(default_factory=list[str])
    occurred_at: datetime | None = None
    group: str | None = Field(None, description="splits never cut through a group")
    fingerprint: str = Field(description="hash of the normalised input and proposal")
    version: int = Field(1, description="rises with every decision: the optimistic lock")
    status: Status = "pending"
    reviewer: str | None = None
    note: str = ""

    @property
    def proposal(self) -> Any:
        """The truth where it is known, otherwise the first suggestion."""
        if self.output is not None:
            return self.output
        return self.suggestions[0].output if self.suggestions else None
