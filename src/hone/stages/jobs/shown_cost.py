"""What a job has cost, in the metadata of the models that came of it, when that is known later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hone.workspace.files import write_json

if TYPE_CHECKING:
    from hone.workspace.open import Workspace


def show_cost(ws: Workspace, job: str, cost_usd: float) -> None:
    """Write it into `metadata.json` and the registry; nothing where it stands there."""
    for found in ws.store.models.list():
        if found.model.job == job and found.model.cost_usd != cost_usd:
            model = found.model.model_copy(update={"cost_usd": cost_usd})
            if found.folder.is_dir():
                write_json(found.folder / "metadata.json", model.model_dump(mode="json"))
            ws.store.models.update(model)
