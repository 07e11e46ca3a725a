"""`data/curated` and `data/training`: what people accepted and what trains, where they look for it.

Copies to read and to take along; nothing of Hone reads them, so editing one spoils no dataset.
"""

from __future__ import annotations

import json
import shutil

from hone.records.dataset import Manifest
from hone.workspace.files import explained, writing_aside
from hone.workspace.open import Workspace
from hone.workspace.store import Filter


def show_data(workspace: Workspace, manifest: Manifest) -> None:
    """Write `data/curated/NAME@VERSION.jsonl` and `data/training/NAME@VERSION.jsonl`, once."""
    source = workspace.datasets / manifest.ref / "train.jsonl"
    if not source.is_file():
        return  # somebody deleted the version: there is nothing to show
    training = workspace.data_folder("training") / f"{manifest.ref}.jsonl"
    if not training.exists():
        aside = training.with_suffix(".partial")
        with explained("write", training):
            shutil.copyfile(source, aside)
            aside.replace(training)
    curated = workspace.data_folder("curated") / f"{manifest.ref}.jsonl"
    if curated.exists() or manifest.is_loaded:
        return
    split_of = {one.id: one.split for one in workspace.store.datasets.members(manifest.ref)}
    wanted = Filter(task=manifest.task, status=tuple(manifest.query.get("status", ())))
    with writing_aside(curated) as out:
        for example in workspace.store.examples.iterate(wanted):
            if example.id in split_of:
                fields = {
                    "id": example.id,
                    "input": example.input,
                    "output": example.output,
                    "status": example.status,
                    "reviewer": example.reviewer,
                    "note": example.note,
                    "split": split_of[example.id],
                }
                out.write(json.dumps(fields, ensure_ascii=False) + "\n")
