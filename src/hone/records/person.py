"""A person: who may do what in a workspace that several share."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["viewer", "reviewer", "trainer", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Rising: each may do what the ones before it may, and more."""


class Person(BaseModel):
    """Somebody who can sign in; the name stands on every decision of theirs."""

    model_config = ConfigDict(extra="forbid")

    name: str
    role: Role = Field(
        description="viewer looks; reviewer also decides; trainer also trains; admin also "
        "changes settings"
    )
    created_at: datetime
    disabled_at: datetime | None = Field(default=None, description="removed: the name stays known")

    @property
    def is_active(self) -> bool:
        """Whether the person can sign in."""
        return self.disabled_at is None


def may(role: Role, needed: Role) -> bool:
    """Whether a role includes another one."""
    return ROLES.index(role) >= ROLES.index(needed)
