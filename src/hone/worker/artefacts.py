"""What a job leaves in final/, as its result names it."""

from __future__ import annotations

from hone.records.job import Artefact
from hone.workspace.files import sha256_of
from hone.workspace.job_folder import JobFolder


def artefacts_of(folder: JobFolder) -> list[Artefact]:
    """Every file under final/ with its hash and size in bytes, sorted by path."""
    return [
        Artefact(
            path=path.relative_to(folder.path).as_posix(),
            sha256=sha256_of(path),
            bytes=path.stat().st_size,
        )
        for path in sorted(folder.final.rglob("*"))
        if path.is_file()
    ]
