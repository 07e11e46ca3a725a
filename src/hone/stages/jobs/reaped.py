"""What reaping finds: machines, requests and files that may cost money, and whose they are."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

Use = Literal["in use", "in hand", "nobody's", "kept"]


class Found(BaseModel):
    """A machine, a request or files of this workspace that may still cost money."""

    target: str
    name: str
    id: str | None = Field(description="the provider's; None: intended, and not there, or files")
    said: str = Field(description="the provider's word for its state")
    job: str | None = None
    use: Use = Field(
        description="nobody's: its job has ended, or is not known here; kept: a job can be resumed "
        "from it"
    )
    price_per_hour_usd: float | None = None
    is_freed: bool = Field(default=False, description="it was given back now, and is gone")
    trouble: str = Field(default="", description="why it could not be given back now")


class Reaped(BaseModel):
    """What was found, and which providers could not be asked."""

    machines: list[Found]
    problems: list[str]
    corrected_usd: float = Field(default=0.0, description="by the providers' own bills")
