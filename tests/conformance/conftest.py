"""The same tests twice: against an emulator, and with `-m live` read-only against the service."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from emulators.clock import Clock
from emulators.lambda_cloud.app import LambdaCloud
from emulators.rp_jobs.app import RunPodJobs
from emulators.rp_jobs.records import EndpointSettings
from emulators.rp_pods.app import RunPodPods
from emulators.rp_s3.app import RunPodS3
from emulators.serving import served
from tests.emulators.clients import boto3

# Lambda allows one request a second.
SECONDS_A_REQUEST = 1.2
MODES = ["emulator", pytest.param("live", marks=pytest.mark.live)]


@dataclass(frozen=True)
class Service:
    """Where to ask, and with which key."""

    url: str
    key: str
    endpoint: str = ""
    emulator: Any = None

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


def variable(name: str) -> str:
    """An environment variable, or the reason to skip."""
    if name not in os.environ:
        pytest.skip(f"{name} is not set")
    return os.environ[name]


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest) -> None:
    """As everywhere, except for the tests that are asked to reach the service."""
    if not any(mark.name == "live" for mark in request.node.iter_markers()):
        request.getfixturevalue("_only_loopback")


@pytest.fixture(scope="module", params=MODES)
def runpod_jobs(request: pytest.FixtureRequest) -> Iterator[Service]:
    if request.param == "live":
        yield Service(
            "https://api.runpod.ai", variable("RUNPOD_API_KEY"), variable("RUNPOD_ENDPOINT_ID")
        )
        return
    endpoint = EndpointSettings("ep", (sys.executable, "-c", ""))
    with served(RunPodJobs([endpoint], clock=Clock(0))) as emulator:
        yield Service(emulator.url, emulator.key, "ep", emulator)


@pytest.fixture(scope="module", params=MODES)
def runpod_pods(request: pytest.FixtureRequest) -> Iterator[Service]:
    if request.param == "live":
        yield Service("https://api.runpod.io", variable("RUNPOD_API_KEY"))
        return
    with served(RunPodPods(clock=Clock(0))) as emulator:
        yield Service(emulator.url, emulator.key, emulator=emulator)


@pytest.fixture(scope="module", params=MODES)
def _lambda_service(request: pytest.FixtureRequest) -> Iterator[Service]:
    if request.param == "live":
        yield Service("https://cloud.lambda.ai", variable("LAMBDA_API_KEY"))
        return
    with served(LambdaCloud(clock=Clock(0))) as emulator:
        emulator.is_limited = False
        yield Service(emulator.url, emulator.key, emulator=emulator)


@pytest.fixture
def lambda_cloud(_lambda_service: Service) -> Service:
    if _lambda_service.emulator is None:
        time.sleep(SECONDS_A_REQUEST)
    return _lambda_service


@pytest.fixture(scope="module", params=MODES)
def runpod_s3(request: pytest.FixtureRequest) -> Iterator[Any]:
    """An S3 client and the name of a volume."""
    library = boto3()
    from botocore.config import Config

    def client(url: str, region: str, access: str, secret: str) -> Any:
        return library.client(
            "s3",
            endpoint_url=url,
            region_name=region,
            aws_access_key_id=access,
            aws_secret_access_key=secret,
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 10}),
        )

    if request.param == "live":
        region = variable("RUNPOD_S3_REGION")
        keys = variable("RUNPOD_S3_ACCESS_KEY"), variable("RUNPOD_S3_SECRET_KEY")
        live = client(f"https://s3api-{region.lower()}.runpod.io/", region, *keys)
        yield live, variable("RUNPOD_VOLUME_ID")
        live.close()
        return
    with served(RunPodS3()) as emulator:
        [(access, secret)] = emulator.keys.items()
        ours = client(emulator.url, emulator.region, access, secret)
        yield ours, "volume"
        ours.close()
