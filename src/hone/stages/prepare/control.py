"""A control: a frozen version once more without some of its training examples, all else equal."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Set
from pathlib import Path

from hone.errors import InvalidInput
from hone.records.dataset import SPLITS, Manifest
from hone.stages.prepare.freeze import freeze, hashed
from hone.stages.prepare.look import check_files, dataset_folder
from hone.workspace.files import explained, write_json
from hone.workspace.open import Workspace


def freeze_without(workspace: Workspace, ref: str, without: Set[str], name: str) -> Manifest:
    """The next version of `name`: the rows of `ref` byte for byte, but for those of some examples.

    `without` are examples of its train split. The same control again gives the version that is
    there. InvalidInput where nothing would be left to train on.
    """
    check_files(workspace, ref)
    manifest, folder = dataset_folder(workspace, ref)
    with explained("write", workspace.datasets):
        aside = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=workspace.datasets))
    try:
        rows: dict[str, int] = {}
        for split in (*SPLITS, "members", "kept_out"):
            source = folder / f"{split}.jsonl"
            if source.is_file():
                rows[split] = _copy_without(source, aside / source.name, without)
        if not rows.get("train"):
            raise InvalidInput(
                f"Without its corrections nothing of {ref} is left to train on: there is no "
                "control.",
                hint="review more examples, build the dataset, then apply the feedback again",
            )
        splits, sha256 = hashed(aside, rows)
        newest = workspace.store.datasets.latest(name)
        if newest is not None and newest.sha256 == sha256:
            return newest
        options = {key: value for key, value in manifest.options.items() if key != "feedback"}
        control = manifest.model_copy(
            update={
                "name": name,
                "version": newest.version + 1 if newest else 1,
                "splits": splits,
                "sha256": sha256,
                "options": {**options, "control_of": manifest.ref, "without": len(without)},
                "notes": [f"A control of {manifest.ref}: without its {len(without)} corrections."],
            }
        )
        write_json(aside / "manifest.json", control.model_dump(mode="json"))
        freeze(workspace, aside, control)
        return control
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _copy_without(source: Path, target: Path, without: Set[str]) -> int:
    """Copy the lines of other examples; gives how many there are."""
    count = 0
    with (
        explained("write", target),
        source.open(encoding="utf-8") as lines,
        target.open("w", encoding="utf-8") as out,
    ):
        for line in lines:
            if json.loads(line)["id"] not in without:
                out.write(line)
                count += 1
    return count
