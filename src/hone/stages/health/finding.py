"""One thing that was looked at, and how it is."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hone.errors import HoneError

Level = Literal["ok", "warning", "problem"]
Part = Literal["machine", "packages", "keys", "workspace", "jobs", "money", "online"]


class Finding(BaseModel):
    """One thing that was looked at, in words; what to try where it is not ok."""

    model_config = ConfigDict(extra="forbid")

    part: Part
    level: Level = Field(description="problem: something fails, or costs money, as it is")
    what: str
    mend: str = Field(default="", description="what to try, as a command where possible")


def ok(part: Part, what: str) -> Finding:
    """Nothing to do."""
    return Finding(part=part, level="ok", what=what)


def warning(part: Part, what: str, mend: str) -> Finding:
    """Something that one should know; what is meant works all the same."""
    return Finding(part=part, level="warning", what=what, mend=mend)


def problem(part: Part, what: str, mend: str) -> Finding:
    """Something that fails, or costs money, until it is mended."""
    return Finding(part=part, level="problem", what=what, mend=mend)


def refused(part: Part, error: HoneError) -> Finding:
    """What kept one from looking."""
    return problem(part, error.message.rstrip("."), error.hint or "Look at the lines above.")


def listed(names: list[str], most: int = 3) -> str:
    """Names as a sentence takes them: the first few, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
