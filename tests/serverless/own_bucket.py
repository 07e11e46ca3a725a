"""A person's own bucket beside an emulated endpoint, as Amazon has them, and its key."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emulators.clock import Clock
from emulators.rp_s3.app import RunPodS3
from emulators.rp_s3.dialect import AMAZON
from emulators.serving import served
from tests.serverless.scene import Serverless, set_environment

NAME, REGION, PREFIX = "me-adapters", "eu-central-1", "some/where"
ACCESS, SECRET = "canary-bucket-access-51c7", "canary-bucket-secret-90ab34d1"


@contextmanager
def bucket(folder: Path) -> Iterator[RunPodS3]:
    folder.mkdir()
    clock = Clock(start=time.time())
    with served(
        RunPodS3({NAME: folder}, region=REGION, keys={ACCESS: SECRET}, clock=clock, dialect=AMAZON)
    ) as found:
        yield found


def said(s3: RunPodS3) -> dict[str, Any]:
    """What hone.yaml says in place of a volume."""
    own = {"name": NAME, "endpoint_url": s3.url, "region": REGION, "prefix": PREFIX}
    return {"volume_id": None, "data_center": None, "bucket": own}


def files(s3: RunPodS3) -> list[str]:
    """Every object there, without its prefix."""
    root = s3.volumes[NAME].root
    found = [path for path in root.rglob("*") if path.is_file()]
    return sorted(path.relative_to(root / PREFIX).as_posix() for path in found)


def addresses_in(scene: Serverless, request: str) -> list[str]:
    """The presigned addresses that a request held."""
    grant = scene.requests[request].input["grant"]
    return [*grant["puts"].values(), *grant["gets"].values()]


def equip(scene: Serverless) -> None:
    """The endpoint has no volume, and no key of anything."""
    environment = scene.jobs.endpoints[scene.endpoint].settings.environment
    environment.update({"HONE_VOLUME": "/nowhere", "TMPDIR": str(scene.jobs.folder)})


def set_keys(scene: Serverless, monkeypatch: Any) -> None:
    """Two keys, and those of the bucket, in the environment."""
    set_environment(scene, monkeypatch)
    for name in ("RUNPOD_S3_ACCESS_KEY", "RUNPOD_S3_SECRET", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HONE_BUCKET_ACCESS_KEY", ACCESS)
    monkeypatch.setenv("HONE_BUCKET_SECRET_KEY", SECRET)
