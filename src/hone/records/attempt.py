"""An attempt: one time that somebody asked for a job to be carried out."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class Attempt(BaseModel):
    """A row of `attempts`: what the supervisor carries out; open until `ended_at` is set.

    Whether the job runs or has succeeded is not in here: that follows from its folder.
    """

    model_config = ConfigDict(extra="forbid")

    seq: int = Field(description="place among all attempts; the queue's order")
    job: str
    number: int = Field(description="1 for the first time that the job was asked for")
    queue: str = Field(description="attempts of one queue are carried out one after the other")
    asked_at: datetime
    after_seq: int = Field(description="the job's events up to this one belong to earlier times")
    environment: dict[str, str] = Field(
        default_factory=dict[str, str], description="settings of the terminal that asked"
    )
    step: str = Field(default="", description="what the supervisor is at")
    trouble: str = Field(default="", description="why it does not get on right now")
    ended_at: datetime | None = None
    outcome: str = Field(default="", description="how it ended, in a sentence or a state")

    @property
    def name(self) -> str:
        """What no other attempt is called, such as train-20261120-153000-k3f9.1."""
        return f"{self.job}.{self.number}"

    @property
    def is_open(self) -> bool:
        """Whether the supervisor still has something to do for it."""
        return self.ended_at is None
