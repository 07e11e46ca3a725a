"""Checks that what a job left is what its worker wrote."""

from __future__ import annotations

from hone.errors import HoneError
from hone.workspace.files import sha256_of
from hone.workspace.job_folder import JobFolder


def verify(folder: JobFolder) -> None:
    """HoneError when a file of the result is missing or not the one that was written."""
    result = folder.result()
    if result is None:
        raise HoneError(f"{folder.path.name} has no result.", hint="hone jobs list")
    for artefact in result.artefacts:
        path = folder.path / artefact.path
        if not path.resolve().is_relative_to(folder.path.resolve()):
            raise HoneError(f"{artefact.path} lies outside its folder.", hint="Train again.")
        if not path.is_file():
            raise HoneError(f"{artefact.path} is gone.", hint="Train again.")
        if sha256_of(path) != artefact.sha256:
            raise HoneError(f"{artefact.path} was changed after training.", hint="Train again.")
