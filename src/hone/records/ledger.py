"""A ledger entry: a cent spent or promised, by job."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict


class LedgerEntry(BaseModel):
    """One line of the ledger; corrections are new lines."""

    model_config = ConfigDict(extra="forbid")

    at: datetime
    job: str
    kind: Literal["estimated", "reserved", "spent", "released"]
    what: Literal["gpu", "oracle", "storage"]
    amount_usd: float
    note: str = ""
