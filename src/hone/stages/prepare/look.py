"""Looks at frozen datasets: list, show, compare, export, and what was kept out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from hone.errors import HoneError, NotFound
from hone.records.dataset import SPLITS, Manifest
from hone.stages.prepare.layouts import layout, rows_of
from hone.workspace.files import explained, sha256_of
from hone.workspace.open import Workspace


class Difference(NamedTuple):
    """Two versions compared: examples only in one, in another split, or corrected since."""

    added: list[str]
    removed: list[str]
    moved: list[tuple[str, str, str]]
    changed: list[str]


def dataset_folder(workspace: Workspace, ref: str) -> tuple[Manifest, Path]:
    """The manifest and folder of NAME (its newest version) or NAME@VERSION."""
    manifest = workspace.store.datasets.get(ref)
    folder = workspace.datasets / manifest.ref
    if not (folder / "manifest.json").is_file():
        raise NotFound(
            f"The files of the dataset {manifest.ref} are gone from {folder}.",
            hint=f"hone datasets build {manifest.name} freezes the same examples again",
        )
    return manifest, folder


def check_files(workspace: Workspace, ref: str) -> None:
    """Refuse a dataset whose files are not what was frozen."""
    manifest, folder = dataset_folder(workspace, ref)
    wrong = [
        split
        for split, file in manifest.splits.items()
        if not (folder / f"{split}.jsonl").is_file()
        or sha256_of(folder / f"{split}.jsonl") != file.sha256
    ]
    if wrong:
        raise HoneError(
            f"{manifest.ref} was changed after it was frozen: {', '.join(wrong)}.",
            hint=f"hone datasets build {manifest.name} freezes a clean version",
        )


def kept_out(workspace: Workspace, ref: str) -> Iterator[dict[str, Any]]:
    """What the builder kept out of a version: id, reason, because of which example."""
    _, folder = dataset_folder(workspace, ref)
    return rows_of(folder / "kept_out.jsonl")


def compare_datasets(workspace: Workspace, first: str, second: str) -> Difference:
    """What changed from `first` to `second`."""
    before, after = (
        {row["id"]: row for row in rows_of(dataset_folder(workspace, ref)[1] / "members.jsonl")}
        for ref in (first, second)
    )
    both = [id for id in after if id in before]
    return Difference(
        added=[id for id in after if id not in before],
        removed=[id for id in before if id not in after],
        moved=[
            (id, before[id]["split"], after[id]["split"])
            for id in both
            if before[id]["split"] != after[id]["split"]
        ],
        changed=[id for id in both if before[id]["version"] != after[id]["version"]],
    )


def export_dataset(workspace: Workspace, ref: str, out: Path, *, layout_name: str) -> list[Path]:
    """Write every split as JSONL in another trainer's layout; refuses to overwrite."""
    manifest, folder = dataset_folder(workspace, ref)
    lay_out = layout(layout_name, manifest.format)
    targets = {split: out / f"{split}.jsonl" for split in SPLITS if split in manifest.splits}
    there = [str(path) for path in targets.values() if path.exists()]
    if there:
        raise HoneError(f"{', '.join(there)} exists already.", hint="choose another --out")
    with explained("write", out):
        out.mkdir(parents=True, exist_ok=True)
        for split, path in targets.items():
            aside = path.with_suffix(".partial")
            with aside.open("w", encoding="utf-8") as file:
                for row in rows_of(folder / f"{split}.jsonl"):
                    file.write(json.dumps(lay_out(row), ensure_ascii=False) + "\n")
            aside.replace(path)
    return list(targets.values())
