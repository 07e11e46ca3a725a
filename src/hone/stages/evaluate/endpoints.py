"""A server of one's own beside models."""

from __future__ import annotations

from hone.errors import InvalidInput
from hone.workspace.open import Workspace


def refuse_as_main(ws: Workspace, name: str) -> None:
    """InvalidInput where an endpoint is to be evaluated alone: it stands beside a model."""
    if name in ws.config.endpoints:
        raise InvalidInput(
            f"{name} is an endpoint: it is asked beside a model or a base.",
            hint=f"hone evaluate MODEL --against {name}",
        )
