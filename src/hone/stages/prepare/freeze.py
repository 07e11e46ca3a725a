"""Writes a dataset version: its splits, its members, what was kept out, and the manifest last."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

from hone.records.dataset import SPLITS, Manifest, Member, SplitFile
from hone.records.task import Task
from hone.rendering.messages import template_fingerprint
from hone.stages.prepare.choose import Entry, KeptOut, counts
from hone.stages.prepare.form import Form
from hone.stages.prepare.options import BuildOptions
from hone.stages.prepare.rendered import lines_of
from hone.workspace.files import explained, sha256_of, write_json
from hone.workspace.open import Workspace


class Parts(NamedTuple):
    """What lies in the folder of a version beside its manifest."""

    folder: Path
    rows: Mapping[str, int]
    kept_out: Sequence[KeptOut]
    notes: Sequence[str]
    recorded: Mapping[str, Any]


def write_splits(
    folder: Path, rows: IO[str], entries: Sequence[Entry], split_of: Mapping[str, str]
) -> Counter[str]:
    """Write the rows of every split and the members; gives the rows of each split."""
    written: Counter[str] = Counter()
    with explained("write", folder):
        files: dict[str, IO[str]] = {
            split: (folder / f"{split}.jsonl").open("w", encoding="utf-8") for split in SPLITS
        }
        members = (folder / "members.jsonl").open("w", encoding="utf-8")
        try:
            for entry, text in lines_of(entries, rows):
                split = split_of[entry.id]
                files[split].write(text)
                written[split] += 1
            for entry in entries:
                member = Member(
                    id=entry.id,
                    version=entry.version,
                    split=split_of[entry.id],
                    weight=entry.weight,
                    replay=entry.replayed_from or None,
                )
                members.write(member.model_dump_json(exclude_none=True) + "\n")
        finally:
            for file in (*files.values(), members):
                file.close()
    if not (folder / "probe.jsonl").stat().st_size:
        (folder / "probe.jsonl").unlink()
    return written


def write_manifest(
    workspace: Workspace, name: str, asked: tuple[Task, Form, BuildOptions], parts: Parts
) -> Manifest:
    """Write what was kept out, then the manifest of the next version of `name`."""
    task, form, options = asked
    with explained("write", parts.folder), (parts.folder / "kept_out.jsonl").open("w") as file:
        for item in parts.kept_out:
            file.write(json.dumps(item._asdict()) + "\n")
    splits, sha256 = hashed(parts.folder, parts.rows)
    newest = workspace.store.datasets.latest(name)
    recorded = options.model_dump(mode="json", include={"ratios", "similarity", "max_tokens"})
    manifest = Manifest(
        name=name,
        version=newest.version + 1 if newest else 1,
        task=task.name,
        format=options.format,
        template=template_fingerprint(task),
        seed=options.seed,
        query=form.query.model_dump(exclude_defaults=False),
        options=form.recorded | recorded | dict(parts.recorded),
        splits=splits,
        kept_out=counts(parts.kept_out),
        notes=list(parts.notes),
        sha256=sha256,
    )
    write_json(parts.folder / "manifest.json", manifest.model_dump(mode="json"))
    return manifest


def hashed(folder: Path, rows: Mapping[str, int]) -> tuple[dict[str, SplitFile], str]:
    """The split files of a folder, and the hash of members and splits together."""
    splits: dict[str, SplitFile] = {
        split: SplitFile(rows=rows.get(split, 0), sha256=sha256_of(folder / f"{split}.jsonl"))
        for split in SPLITS
        if (folder / f"{split}.jsonl").exists()
    }
    whole = hashlib.sha256(sha256_of(folder / "members.jsonl").encode())
    for split, file in splits.items():
        whole.update(f"{split} {file.sha256}".encode())
    return splits, whole.hexdigest()


def freeze(workspace: Workspace, aside: Path, manifest: Manifest) -> Path:
    """Move the folder into place, then register it; either alone is mended by the next build."""
    folder = workspace.datasets / manifest.ref
    with explained("write", folder):
        if folder.exists():
            # Left by a build that was killed before it registered: nobody can have used it.
            shutil.rmtree(folder)
        aside.chmod(0o755)
        aside.rename(folder)
    members = (
        Member.model_validate_json(line)
        for line in (folder / "members.jsonl").read_text(encoding="utf-8").splitlines()
    )
    # Rows of a prepared file are no examples: the store could not point to one.
    workspace.store.datasets.freeze(manifest, () if manifest.is_loaded else members)
    return folder
