"""Datasets frozen from hand-written rows, so that any format can be looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hone.records.dataset import Manifest, SplitFile
from hone.rendering.messages import template_fingerprint
from hone.workspace.files import sha256_of
from hone.workspace.open import Workspace

Rows = Sequence[Mapping[str, Any]]


def asked(question: str, *, system: str = "") -> list[dict[str, str]]:
    first = [{"role": "system", "content": system}] if system else []
    return [*first, {"role": "user", "content": question}]


def said(answer: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": answer}]


def answer_row(question: str, answer: str, id: str = "") -> dict[str, Any]:
    return {"id": id or question, "prompt": asked(question), "completion": said(answer)}


def freeze_rows(
    ws: Workspace,
    splits: Mapping[str, Rows],
    *,
    name: str = "set",
    format: str = "sft",
    options: Mapping[str, Any] | None = None,
) -> Manifest:
    """Freeze `name@1` with exactly these rows."""
    folder = ws.datasets / f"{name}@1"
    folder.mkdir(parents=True)
    files: dict[str, SplitFile] = {}
    for split, rows in splits.items():
        path = folder / f"{split}.jsonl"
        path.write_text(
            "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
        )
        files[split] = SplitFile(rows=len(rows), sha256=sha256_of(path))
    task = ws.task()
    manifest = Manifest(
        name=name,
        version=1,
        task=task.name,
        format=format,
        template=template_fingerprint(task),
        seed=0,
        query={},
        options=dict(options or {}),
        splits=files,
        sha256="0" * 64,
    )
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    return ws.store.datasets.freeze(manifest, [])
