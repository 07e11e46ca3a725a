"""An endpoint as its owner's keys open it, with the place where files are; and what is missing."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import NamedTuple

from hone import settings
from hone.targets import _jobs_api as jobs_api
from hone.targets import _own_bucket as own_bucket
from hone.targets._clock import Clock
from hone.targets._hub import Hub
from hone.targets._jobs_api import JobsApi
from hone.targets._rest import BadKey
from hone.targets._s3 import Bucket
from hone.targets._s3_signing import Where
from hone.workspace.targets_config import RunPodServerlessTarget

KEY, ENDPOINT = "RUNPOD_API_KEY", "RUNPOD_ENDPOINT_ID"
S3_ACCESS, S3_SECRET = "RUNPOD_S3_ACCESS_KEY", "RUNPOD_S3_SECRET"
HUB_TOKEN = "HF_TOKEN"
SETTING = "targets.runpod-serverless"
SETUP = "hone targets setup runpod-serverless"
NAMED = re.compile(r"^\$\{(\w+)\}$")


class Account(NamedTuple):
    """An endpoint as its owner's keys open it, with what hone.yaml says of it, and a clock."""

    api: JobsApi
    files: Bucket | Hub  # where what the worker writes is read
    options: RunPodServerlessTarget
    clock: Clock

    @property
    def volume(self) -> Bucket | None:
        """The endpoint's volume; None where data goes in requests, and home another way."""
        return self.store if self.options.volume_id else None

    @property
    def store(self) -> Bucket | None:
        """Where this side may list and delete what jobs left: the volume, or a bucket."""
        return self.files if isinstance(self.files, Bucket) else None

    @property
    def way(self) -> str:
        """What people are told of where the files are."""
        if self.volume is not None:
            return "the volume"
        return "the bucket" if self.store is not None else "the hub"

    @property
    def place(self) -> str:
        """What people are told where the job runs."""
        return f"RunPod endpoint {self.api.endpoint}"


@contextmanager
def account(options: RunPodServerlessTarget, clock: Clock) -> Generator[Account]:
    """Open the endpoint and its volume; BadKey where keys or names are missing, all at once."""
    if problems := lacks(options):
        raise BadKey(
            f"The serverless endpoint is not set up: {'; '.join(problems)}.",
            hint=f"{SETUP}   (keys belong into .env of the workspace)",
        )
    api = JobsApi(
        _key(options, KEY),
        endpoint_of(options),
        url=settings.cloud_address("runpod_jobs", jobs_api.URL),
        clock=clock,
    )
    files = _files(options, clock)
    try:
        yield Account(api, files, options, clock)
    finally:
        files.close()
        api.rest.close()


def _files(options: RunPodServerlessTarget, clock: Clock) -> Bucket | Hub:
    if options.volume_id:
        return _bucket(options, clock)
    if options.bucket is not None:
        keys = (_key(options, own_bucket.ACCESS), _key(options, own_bucket.SECRET))
        return own_bucket.opened(options.bucket, *keys, clock)
    return _hub(options, clock)


def _bucket(options: RunPodServerlessTarget, clock: Clock) -> Bucket:
    center = options.data_center or ""
    usual = f"https://s3api-{center.lower()}.runpod.io"
    url = settings.cloud_address("runpod_s3", usual)
    keys = (_key(options, S3_ACCESS), _key(options, S3_SECRET))
    return Bucket(Where(url, center, options.volume_id or "", *keys), clock=clock)


def _hub(options: RunPodServerlessTarget, clock: Clock) -> Hub:
    token = _key(options, HUB_TOKEN)
    return Hub(options.repository or "", token, url=settings.hub_address(), clock=clock)


def _key(options: RunPodServerlessTarget, name: str) -> str:
    return settings.credential((name,), options.keys_in) or ""


def lacks(options: RunPodServerlessTarget) -> list[str]:
    """Every key and name that is missing, in words."""
    wanted = [KEY]
    if options.volume_id:
        wanted += [S3_ACCESS, S3_SECRET]
    else:
        wanted += [own_bucket.ACCESS, own_bucket.SECRET] if options.bucket is not None else []
        wanted += [HUB_TOKEN] if options.repository else []
    problems = [f"{name} is not set" for name in wanted if not _key(options, name)]
    if not endpoint_of(options):
        problems.append(f"{SETTING}.endpoint_id names no endpoint ({ENDPOINT} is not set)")
    if options.volume_id and not options.data_center:
        problems.append(f"{SETTING}.data_center is not set")
    return problems + _lacking_way(options)


def _lacking_way(options: RunPodServerlessTarget) -> list[str]:
    ways = [name for name in ("repository", "bucket") if getattr(options, name)]
    if options.volume_id or len(ways) == 1:
        return []
    if ways:
        return [f"{SETTING} names both a repository and a bucket as the way home: keep one"]
    return [
        f"what a job leaves has no way home: neither {SETTING}.volume_id, nor a private "
        f"{SETTING}.repository at the hub, nor a {SETTING}.bucket is set"
    ]


def endpoint_of(options: RunPodServerlessTarget) -> str:
    """The endpoint's id, or nothing; ${NAME} is looked up in the environment and in .env."""
    named = NAMED.match(options.endpoint_id)
    if named is None:
        return options.endpoint_id
    return settings.credential((named.group(1),), options.keys_in) or ""
