"""A server of one's own beside models: named in hone.yaml, checked before anything is asked."""

from __future__ import annotations

from hone import shelf
from hone.errors import InvalidInput
from hone.records.evaluation import Contender
from hone.workspace.contenders import safe_name
from hone.workspace.open import Workspace

GENERATOR = "endpoint"


def endpoint_contender(ws: Workspace, name: str) -> Contender | None:
    """The contender that hone.yaml names so under `endpoints`; None where it names none.

    InvalidInput where it is not in one's own network, or its key is not there.
    """
    said = ws.config.endpoints.get(name)
    if said is None:
        return None
    module = shelf.load("generators", GENERATOR)
    # The job holds the name of the key and where it may stand, never the key.
    options = {**said.model_dump(exclude_none=True), "keys_in": str(ws.root)}
    module.refuse_unfit(module.Options.model_validate(options))
    return Contender(name=safe_name(name), generator=GENERATOR, options=options)


def refuse_as_main(ws: Workspace, name: str) -> None:
    """InvalidInput where an endpoint is to be evaluated alone: it stands beside a model."""
    if name in ws.config.endpoints:
        raise InvalidInput(
            f"{name} is an endpoint: it is asked beside a model or a base.",
            hint=f"hone evaluate MODEL --against {name}",
        )
