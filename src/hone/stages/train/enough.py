"""Whether enough was reviewed to train on: each kind of task says how many it takes."""

from __future__ import annotations

from pathlib import Path

from hone import shelf
from hone.records.dataset import Manifest
from hone.records.task import Task


def fewest_for(task: Task) -> int:
    """How many reviewed examples a task wants before it trains; 0 where it does not say."""
    return int(getattr(shelf.load("tasks", task.kind), "FEWEST_TO_TRAIN", 0))


def too_few_for(task: Task, count: int, what: str) -> str:
    """Why `what`, with so many reviewed examples, is not trained on; nothing where it may be."""
    fewest = fewest_for(task)
    if count >= fewest:
        return ""
    kinds = "message" if task.kind == "extract" else "example"
    said = f"{count:,} audited {kinds}{'' if count == 1 else 's'}"
    return f"{what} is made of {said}, {fewest:,} are needed (audit more, or --force)"


def too_few_in(task: Task, manifest: Manifest, folder: Path) -> str:
    """The same for a dataset; what was kept out of it, as a repetition, was reviewed as well."""
    if not fewest_for(task):
        return ""
    members = folder / "members.jsonl"
    if members.is_file():
        with members.open("rb") as file:
            standing = sum(1 for _ in file)
    else:
        standing = sum(split.rows for split in manifest.splits.values())
    return too_few_for(task, standing + sum(manifest.kept_out.values()), manifest.ref)
