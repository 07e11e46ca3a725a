"""Registered models: list, gate, choose, merge, load."""

from __future__ import annotations

from typing import Any

from hone.loop.progress import Progress
from hone.loop.workspaces import open_workspace
from hone.records.comparison import GateResult
from hone.records.model import ModelVersion
from hone.settings import reviewer_name
from hone.stages import compare as comparison
from hone.stages import registry
from hone.stages.train import (
    collect_trained,
    merge,
)
from hone.workspace.open import Workspace


def list_models(workspace: Workspace, name: str | None = None) -> list[registry.ModelSummary]:
    """Every registered version, with its score and whether it is active."""
    collect_trained(workspace)
    return registry.list_models(workspace, name)


def judge_gate(workspace: Workspace, ref: str) -> GateResult:
    """What the gate of hone.yaml says of a version that would replace the active one."""
    return comparison.judge_gate(workspace, ref)


def set_active(
    workspace: Workspace,
    judged: GateResult,
    *,
    note: str = "",
    is_forced: bool = False,
    reviewer: str | None = None,
) -> ModelVersion:
    """Make the judged version the one that answers; journalled with what the gate said.

    GateRefused where it said no and nobody overrides it; `is_forced` does, and needs a note.
    """
    kept = comparison.refuse_or_note(judged, note=note, is_forced=is_forced)
    who = reviewer or reviewer_name()
    return registry.set_active(workspace, judged.challenger, reviewer=who, note=kept)


def merge_model(
    workspace: Workspace,
    ref: str,
    *,
    dtype: str = "auto",
    on_progress: Progress = lambda done, total: None,
) -> ModelVersion:
    """An adapter as a version with whole weights that answers the same; dtype: base, float32."""
    collect_trained(workspace)
    return merge(workspace, ref, dtype=dtype, on_progress=on_progress)


def load_model(name: str, workspace: Workspace | None = None) -> tuple[Any, Any, Any]:
    """(model, tokenizer, device), ready to generate; loads torch into this process.

    `name` is NAME (its active version), NAME@VERSION, or a base such as hone-nano.
    """
    if workspace is not None:
        return registry.load_model(workspace, name)
    with open_workspace() as opened:
        return registry.load_model(opened, name)
