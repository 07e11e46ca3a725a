"""The reward models that a recipe names: found, of the right kind, and able to read the base."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hone.errors import HoneError
from hone.rendering.tokens import Renderer
from hone.workspace.bases import FoundBase, find_base
from hone.workspace.open import Workspace

TASK = "task"


class FoundReward(NamedTuple):
    """A registered reward model, and the base that it stands on."""

    name: str
    base: FoundBase

    def spec(self) -> dict[str, Any]:
        """What a job keeps of it."""
        adapter = self.base.adapter
        return {
            "name": self.name,
            "base": {
                "id": self.base.id,
                "path": str(self.base.path),
                "sha256": self.base.sha256(),
                "kind": self.base.kind,
            },
            "adapter": str(adapter) if adapter is not None else None,
        }


def as_list(reward: str | Sequence[str]) -> list[str]:
    """The rewards that an option names."""
    return [reward] if isinstance(reward, str) else list(reward)


def names_of(reward: str | Sequence[str]) -> list[str]:
    """The reward models among them: all but the task's own score."""
    return [name for name in as_list(reward) if name != TASK]


def find_rewards(
    ws: Workspace,
    names: Sequence[str],
    renderer: Renderer | None,
    told: tuple[list[str], list[str]],
) -> list[FoundReward]:
    """Every named reward model; what is wrong with one is added to `told`: problems, mends."""
    problems, mends = told
    found: list[FoundReward] = []
    for name in names:
        try:
            version = ws.store.models.get(name).model
            base = find_base(ws, name)
        except HoneError as error:
            problems.append(f"training.reward: {error.message}")
            mends += [error.hint] * bool(error.hint)
            continue
        method = str(version.details.get("method") or "")
        if method != "reward":
            what = f"was trained by {method}" if method else "is no reward model"
            problems.append(f"training.reward: {version.ref} {what}")
            mends.append("Train one with method: reward on a dataset of the format dpo")
            continue
        reads = Renderer.load(base.path).fingerprint
        if renderer is not None and reads != renderer.fingerprint:
            problems.append(
                f"training.reward: {version.ref} reads another vocabulary or template than the base"
            )
            mends.append("Train one with method: reward on the same base")
            continue
        found.append(FoundReward(name, base))
    return found
