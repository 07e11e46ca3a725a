"""A job inside a request, for an endpoint without a volume: packed, measured, with its base named.

The base is not sent: the worker has the bundled ones, and downloads others from the model hub.
"""

from __future__ import annotations

import base64
import io
import json
import re
import tarfile
from pathlib import Path

import hone
from hone.errors import InvalidInput
from hone.records import submission as on_volume
from hone.targets._jobs_api import MOST_BYTES
from hone.targets._remote_job import paths_in
from hone.workspace.job_folder import JobFolder

IN_CACHE = re.compile(r"models--([^/]+?)--([^/]+)/snapshots/([0-9a-f]{40})$")
MEND = "Give the endpoint a network volume: hone targets setup runpod-serverless"
LEFT_OVER = 120_000  # bytes of a request beside what is packed: a hundred addresses of a bucket


def packed(folder: JobFolder) -> str:
    """Everything that the job reads, compressed, as base64.

    InvalidInput, before anything is sent, where it is too large for a request or names a model
    that the worker cannot have.
    """
    order = json.loads(folder.job.model_dump_json())
    order["spec"].pop("cache", None)
    problems: list[str] = []
    for path, name_it in paths_in(order["spec"]):
        named = _model_of(path)
        if named is None:
            problems.append(f"{path} is on this machine alone")
        else:
            name_it(named)
    if problems:
        raise InvalidInput(
            f"Without a volume a worker cannot have the base: {'; '.join(problems)}.",
            hint=MEND,
            problems=problems,
        )
    text = _archived(folder, json.dumps(order, ensure_ascii=False).encode())
    if len(text) > MOST_BYTES - LEFT_OVER:
        raise InvalidInput(
            f"Compressed, the job has {len(text) / 1e6:.1f} MB, and a request takes 10.",
            hint=f"{MEND}, or train on fewer rows.",
        )
    return text


def _model_of(path: Path) -> str | None:
    """What the worker calls a model's folder; None where it cannot have it."""
    if path.parent == Path(hone.__file__).parent / "bundled":
        return f"{on_volume.BUNDLED}/{path.name}"
    found = IN_CACHE.search(path.resolve().as_posix())
    if found is None:
        found = IN_CACHE.search(path.as_posix())
    return found and f"{on_volume.HUB}/{found[1]}/{found[2]}@{found[3]}"


def _archived(folder: JobFolder, order: bytes) -> str:
    names = [path for path in sorted(folder.inputs.rglob("*")) if path.is_file()]
    names += [path for path in sorted(folder.checkpoints.rglob("*")) if path.is_file()]
    names += [folder.path / name for name in on_volume.FOLLOWED if (folder.path / name).exists()]
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as archive:
        _add(archive, on_volume.ORDER, order)
        for path in names:
            name = f"{folder.job.id}/{path.relative_to(folder.path).as_posix()}"
            _add(archive, name, path.read_bytes())
    return base64.b64encode(whole.getvalue()).decode()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    one = tarfile.TarInfo(name)
    one.size = len(content)
    archive.addfile(one, io.BytesIO(content))
