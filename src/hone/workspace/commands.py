"""Which command does something here: the one to offer where the next step is named."""

from __future__ import annotations

from hone.errors import NotFound
from hone.records.model import ModelVersion
from hone.workspace.open import Workspace


def how_to_evaluate(ws: Workspace, model: ModelVersion) -> str:
    """The command that evaluates a version; with `--data` where its dataset kept no test rows."""
    command = f"hone evaluate {model.ref}"
    try:
        kept = model.dataset and ws.store.datasets.get(model.dataset).splits.get("test")
    except NotFound:
        kept = None
    return command if kept and kept.rows else f"{command} --data FILE"


def what_comes_next(ws: Workspace, model: ModelVersion) -> str:
    """The command to go on with once a version is trained; a reward cannot be asked a question."""
    if model.details.get("gives") == "numbers" and model.details.get("method") == "reward":
        return f"hone train pickup_grpo --set training.reward={model.ref} --plan"
    return how_to_evaluate(ws, model)
